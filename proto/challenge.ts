import { md5 } from '@noble/hashes/legacy.js';
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
 * The 16 bytes a signature covers: MD5 over uid, tags, timestamp, expiration, source, destination (twin, then sid),
 * the command or the error's code and message, schema, federation, the payload's bytes, each relay. Numbers are
 * decimal, an absent address is twin 0, other absent fields are nothing, and nothing stands between them.
 */
export function challenge(envelope: Envelope): Uint8Array {
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
  const hash = md5.create().update(utf8.encode(head.map((part) => part.toWellFormed()).join('')));
  if (envelope.payload) hash.update(envelope.payload.bytes);
  for (const relay of envelope.relays) hash.update(utf8.encode(relay));
  return hash.digest();
}
