import { concatBytes } from '@noble/hashes/utils.js';
import { err, ok, type Result } from '../result.ts';
import { PORTABLE } from './portable.ts';
import type { Primitives } from './primitives.ts';

const KEY_LENGTH = 32;
const NONCE_LENGTH = 12;

function checkKey(key: Uint8Array): void {
  if (key.length !== KEY_LENGTH) throw new RangeError(`"key" expected ${KEY_LENGTH} bytes, got ${key.length}`);
}

/** Encrypts for the twin that shares `key`. Resolves with 12 random nonce bytes, AES-256-GCM ciphertext and 16-byte tag. */
export async function seal(
  key: Uint8Array,
  plain: Uint8Array,
  primitives: Pick<Primitives, 'encrypt' | 'random'> = PORTABLE,
): Promise<Uint8Array> {
  checkKey(key);
  const nonce = primitives.random(NONCE_LENGTH);
  return concatBytes(nonce, await primitives.encrypt(key, nonce, plain));
}

/** Decrypts a cipher of `seal`. Fails if it is too short, was changed, or has another key. */
export async function open(
  key: Uint8Array,
  cipher: Uint8Array,
  primitives: Pick<Primitives, 'decrypt'> = PORTABLE,
): Promise<Result<Uint8Array, { reason: 'cipher' }>> {
  checkKey(key);
  const plain = await primitives.decrypt(key, cipher.subarray(0, NONCE_LENGTH), cipher.subarray(NONCE_LENGTH));
  return plain === undefined ? err({ reason: 'cipher' }) : ok(plain);
}
