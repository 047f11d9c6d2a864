import { gcm } from '@noble/ciphers/webcrypto.js';
import { concatBytes, randomBytes } from '@noble/hashes/utils.js';
import { err, ok, type Result } from './result.ts';

const KEY_LENGTH = 32;
const NONCE_LENGTH = 12;

function checkKey(key: Uint8Array): void {
  if (key.length !== KEY_LENGTH) throw new RangeError(`"key" expected ${KEY_LENGTH} bytes, got ${key.length}`);
}

/** Encrypts for the twin `key` is shared with: 12 random nonce bytes, AES-256-GCM ciphertext, its 16-byte tag. */
export async function seal(key: Uint8Array, plain: Uint8Array): Promise<Uint8Array> {
  checkKey(key);
  const nonce = randomBytes(NONCE_LENGTH);
  return concatBytes(nonce, await gcm(key, nonce).encrypt(plain));
}

/** Decrypts what `seal` made. Refused when it is too short, was changed, or was made with another key. */
export async function open(key: Uint8Array, cipher: Uint8Array): Promise<Result<Uint8Array, { reason: 'cipher' }>> {
  checkKey(key);
  try {
    return ok(await gcm(key, cipher.subarray(0, NONCE_LENGTH)).decrypt(cipher.subarray(NONCE_LENGTH)));
  } catch {
    // A wrong tag and a cipher shorter than nonce and tag end here; which of them it is must not be told apart.
    return err({ reason: 'cipher' });
  }
}
