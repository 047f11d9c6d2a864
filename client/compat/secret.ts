import { bytesToHex } from '@noble/hashes/utils.js';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import { miniSecret } from '../../proto/crypto/seed.ts';
import { RmbError } from '../errors.ts';

/**
 * Returns the encryption key that belongs to a twin's secret, as the chain has it: 0x and 66 hex digits.
 * Throws an `RmbError` when the secret is invalid.
 * @param secret words of a mnemonic, or 64 hex digits with or without 0x
 */
export function generatePublicKey(secret: string): string {
  return `0x${bytesToHex(encryptionKeyOf(seedOf(secret)))}`;
}

/** Returns the 32-byte seed of a secret. Throws an `RmbError` when it is invalid. */
export function seedOf(secret: string): Uint8Array {
  const seed = miniSecret(/^[0-9a-f]{64}$/i.test(secret) ? `0x${secret}` : secret);
  if (!seed.ok) throw new RmbError('identity', `invalid secret: ${seed.error.detail}`);
  return seed.value;
}

/** Returns the compressed secp256k1 key of a seed, 33 bytes. Throws an `RmbError` when the seed has none. */
export function encryptionKeyOf(seed: Uint8Array): Uint8Array {
  try {
    return PORTABLE.agreement(seed).publicKey;
  } catch (cause) {
    throw new RmbError('identity', 'invalid secret: this seed is not a secp256k1 secret; use another', { cause });
  }
}
