import { blake2b } from '@noble/hashes/blake2.js';
import { base58 } from '@scure/base';

const CONTEXT = new TextEncoder().encode('SS58PRE');
const ACCOUNT = 32;
const CHECKSUM = 2;

/** Returns the 32-byte account of an SS58 address of any network; undefined if the address is invalid. */
export function accountOfSs58(text: string): Uint8Array | undefined {
  // Base58 takes quadratic time, so long texts are not decoded.
  if (text.length > 64) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = base58.decode(text);
  } catch {
    return undefined;
  }
  const [first = 0xff] = bytes;
  const head = first < 64 ? 1 : first < 128 ? 2 : Number.NaN;
  if (bytes.length !== head + ACCOUNT + CHECKSUM) return undefined;
  const body = bytes.subarray(0, head + ACCOUNT);
  const hash = blake2b.create({}).update(CONTEXT).update(body).digest();
  if (hash[0] !== bytes[body.length] || hash[1] !== bytes[body.length + 1]) return undefined;
  return body.slice(head);
}
