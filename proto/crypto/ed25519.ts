import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { PKCS8_HEAD } from './ed25519-pkcs8.ts';

const ALGORITHM = 'Ed25519';
const POINT_LENGTH = 32;
const SIGNATURE_LENGTH = 64;
/** The y of every point of small order, 32 bytes little-endian. One y has at most two points, so their sign is masked. */
const SMALL_ORDER_Y = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** A key of WebCrypto. Its type has another name on each host. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Returns a copy, because WebCrypto refuses views on shared memory. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Imports a key; undefined if WebCrypto has no Ed25519 or refuses the key. Then noble decides. */
async function importKey(
  format: 'raw' | 'pkcs8',
  bytes: Uint8Array,
  usage: 'sign' | 'verify',
): Promise<Key | undefined> {
  try {
    return await crypto.subtle.importKey(format, owned(bytes), ALGORITHM, false, [usage]);
  } catch {
    return undefined;
  }
}

/** Resolves with a function that signs with a 32-byte seed. A signature has 64 bytes (RFC 8032). */
export async function ed25519Signer(seed: Uint8Array): Promise<(message: Uint8Array) => Promise<Uint8Array>> {
  const pkcs8 = new Uint8Array([...PKCS8_HEAD, ...seed]);
  const key = await importKey('pkcs8', pkcs8, 'sign');
  if (!key) return async (message) => ed25519.sign(message, seed);
  return async (message) => new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, owned(message)));
}

/** Returns whether 32 bytes encode a y below the field's order that is not of small order. */
function isStrictPoint(bytes: Uint8Array): boolean {
  const y = bytes.with(POINT_LENGTH - 1, (bytes[POINT_LENGTH - 1] ?? 0) & 0x7f);
  if (SMALL_ORDER_Y.has(bytesToHex(y))) return false;
  try {
    ed25519.Point.Fp.fromBytes(y);
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns whether a library may verify the signature. Libraries and their versions accept different signatures beyond
 * RFC 8032, section 5.1.7. Anybody can sign with a key or a commitment of small order.
 */
export function isStrictEd25519(account: Uint8Array, signature: Uint8Array): boolean {
  return (
    account.length === POINT_LENGTH &&
    signature.length === SIGNATURE_LENGTH &&
    isStrictPoint(account) &&
    isStrictPoint(signature.subarray(0, POINT_LENGTH))
  );
}

/** Resolves with whether the 64 bytes are the account's signature over the message; false for an invalid key. */
export async function verifyEd25519(account: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  if (!isStrictEd25519(account, signature)) return false;
  const key = await importKey('raw', account, 'verify');
  if (!key) return ed25519.verify(signature, message, account, { zip215: false });
  return await crypto.subtle.verify(ALGORITHM, key, owned(signature), owned(message));
}
