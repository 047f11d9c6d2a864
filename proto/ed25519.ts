import { ed25519 } from '@noble/curves/ed25519.js';

const ALGORITHM = 'Ed25519';
/** DER before the 32 bytes of an Ed25519 private key in PKCS#8 (RFC 8410 §7). */
export const PKCS8_HEAD = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

/** WebCrypto's key, whose type has another name on each host. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** A copy WebCrypto takes: it refuses views on shared memory. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** The key, or undefined where WebCrypto has no Ed25519 or takes this key for none: noble then decides. */
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

/** Signs with a 32-byte seed: 64 bytes (RFC 8032). */
export async function ed25519Signer(seed: Uint8Array): Promise<(message: Uint8Array) => Promise<Uint8Array>> {
  const pkcs8 = new Uint8Array([...PKCS8_HEAD, ...seed]);
  const key = await importKey('pkcs8', pkcs8, 'sign');
  if (!key) return async (message) => ed25519.sign(message, seed);
  return async (message) => new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, owned(message)));
}

/** Whether the 64 bytes are the account's signature over the message. A key that is no point verifies nothing. */
export async function verifyEd25519(account: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const key = await importKey('raw', account, 'verify');
  if (!key) return ed25519.verify(signature, message, account, { zip215: false });
  return await crypto.subtle.verify(ALGORITHM, key, owned(signature), owned(message));
}
