import { wellFormed } from '../wire.ts';
import type { Address } from './address.ts';
import type { Content, Envelope } from './envelope-codec.ts';
import { utf8Bytes } from './slab.ts';

function addressText(address: Address | undefined): string {
  return `${address?.twin ?? 0}${wellFormed(address?.connection ?? '')}`;
}

function contentText(content: Content | undefined): string {
  switch (content?.kind) {
    case 'request':
      return wellFormed(content.command);
    case 'error':
      return `${content.code}${wellFormed(content.message)}`;
    default:
      return '';
  }
}

/**
 * Returns the string that an envelope's signature covers, in consecutive parts without separators: uid, tags, timestamp,
 * expiration, source, destination (twin, then sid), the command or the error's code and message, schema, federation; the
 * payload's bytes; each relay. Numbers are decimal. An absent address is twin 0, and other absent fields are empty.
 */
export function signedString(envelope: Envelope): Uint8Array[] {
  const { uid, tags = '', timestamp, expiration, source, destination, schema = '', federation = '' } = envelope;
  const times = `${timestamp}${expiration}`;
  const addresses = addressText(source) + addressText(destination);
  const texts = contentText(envelope.content) + wellFormed(schema) + wellFormed(federation);
  const head = utf8Bytes(wellFormed(uid) + wellFormed(tags) + times + addresses + texts);
  const payload = envelope.payload === undefined ? [] : [envelope.payload.bytes];
  return [head, ...payload, ...envelope.relays.map(utf8Bytes)];
}
