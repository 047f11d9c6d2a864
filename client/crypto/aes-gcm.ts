import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { Remembered } from './remembered.ts';

const ALGORITHM = 'aes-256-gcm';
const TAG_LENGTH = 16;
/** A key that Node has imported spares it a tenth of the time. */
const KEYS = new Remembered(1024, (key) => createSecretKey(key));
const OPTIONS = { authTagLength: TAG_LENGTH };

/** AES-256-GCM by OpenSSL: the ciphertext and its tag. */
export function encrypt(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array {
  const aes = createCipheriv(ALGORITHM, KEYS.of(key), nonce, OPTIONS);
  const text = aes.update(plain);
  aes.final();
  const sealed = new Uint8Array(text.length + TAG_LENGTH);
  sealed.set(text);
  sealed.set(aes.getAuthTag(), text.length);
  return sealed;
}

/** What was encrypted; undefined when it was not, or is too short. */
export function decrypt(key: Uint8Array, nonce: Uint8Array, cipher: Uint8Array): Uint8Array | undefined {
  const end = cipher.length - TAG_LENGTH;
  if (end < 0) return undefined;
  const aes = createDecipheriv(ALGORITHM, KEYS.of(key), nonce, OPTIONS);
  aes.setAuthTag(cipher.subarray(end));
  const plain = aes.update(cipher.subarray(0, end));
  try {
    aes.final();
  } catch {
    // The tag does not fit: nothing of the text may be used.
    return undefined;
  }
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
}
