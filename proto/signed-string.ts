import type { Address } from './address.ts';
import type { Content, Envelope } from './envelope-codec.ts';

const utf8 = new TextEncoder();

function addressParts(address: Address | undefined): string[] {
  return [`${address?.twin ?? 0}`, address?.connection ?? ''];
}

function contentParts(content: Content | undefined): string[] {
  switch (content?.kind) {
    case 'request':
      return [content.command];
    case 'error':
      return [`${content.code}`, content.message];
    default:
      return [];
  }
}

/**
 * The string that an envelope's signature covers, in parts that follow each other without a separator: uid, tags,
 * timestamp, expiration, source, destination (twin, then sid), the command or the error's code and message, schema,
 * federation; the payload's bytes; each relay. Numbers are decimal, an absent address is twin 0, other absent fields
 * are empty.
 */
export function signedString(envelope: Envelope): Uint8Array[] {
  const head = [
    envelope.uid,
    envelope.tags ?? '',
    `${envelope.timestamp}`,
    `${envelope.expiration}`,
    ...addressParts(envelope.source),
    ...addressParts(envelope.destination),
    ...contentParts(envelope.content),
    envelope.schema ?? '',
    envelope.federation ?? '',
  ];
  const text = utf8.encode(head.map((part) => part.toWellFormed()).join(''));
  const payload = envelope.payload === undefined ? [] : [envelope.payload.bytes];
  return [text, ...payload, ...envelope.relays.map((relay) => utf8.encode(relay))];
}
