import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { err, ok, type Result } from '../result.ts';
import { hexSeed, type SeedFault } from './hex-seed.ts';

/** Iterations of substrate-bip39. */
const ROUNDS = 2048;
/** The mini-secret is the first half of the 64 bytes of substrate-bip39. */
const MINI_SECRET = 32;

/**
 * Returns the 32-byte mini-secret of `0x` and 64 hex digits (the seed itself) or of an English BIP-39 mnemonic. As in
 * substrate-bip39: PBKDF2-HMAC-SHA512 over the entropy, not over the words, with the salt `mnemonic` and no password.
 */
export function miniSecret(secret: string): Result<Uint8Array, SeedFault> {
  const seed = hexSeed(secret);
  if (seed !== undefined) return seed;
  try {
    const entropy = mnemonicToEntropy(secret.trim().split(/\s+/).join(' '), wordlist);
    return ok(pbkdf2(sha512, entropy, 'mnemonic', { c: ROUNDS, dkLen: 64 }).slice(0, MINI_SECRET));
  } catch {
    // Only the library's checks throw (count, words, checksum), and its messages may quote a word.
    return err({
      reason: 'seed',
      detail: '12 to 24 words of a BIP-39 mnemonic (English), or 0x and 64 hex digits expected',
    });
  }
}
