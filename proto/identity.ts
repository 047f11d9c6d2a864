import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { blake2b } from '@noble/hashes/blake2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { base58 } from '@scure/base';
import * as sr25519 from '@scure/sr25519';
import { ed25519Signer } from './ed25519.ts';
import { type KeyType, TYPE_BYTE } from './key-type.ts';
import { err, ok, type Result } from './result.ts';
import { miniSecret, type SeedFault } from './seed.ts';

export type { KeyType } from './key-type.ts';

const SUBSTRATE_PREFIX = 42;
const SS58_CONTEXT = new TextEncoder().encode('SS58PRE');

/** The keys of a twin. Its secrets are not readable, so that no log can show them. */
export interface Identity {
  readonly keyType: KeyType;
  /** 32-byte public key: the account on chain. */
  readonly account: Uint8Array;
  /** 33-byte compressed secp256k1 key: what others encrypt for. */
  readonly e2ePublicKey: Uint8Array;
  /** The type byte and the 64-byte signature: 65 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>;
  /** The 32-byte key for `seal` and `open` with the twin that has this pk. Throws when it is no secp256k1 key. */
  sharedKey(publicKey: Uint8Array): Uint8Array;
}

interface Signer {
  readonly account: Uint8Array;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

async function signerOf(seed: Uint8Array, keyType: KeyType): Promise<Signer> {
  if (keyType === 'ed25519') return { account: ed25519.getPublicKey(seed), sign: await ed25519Signer(seed) };
  const secret = sr25519.secretFromSeed(seed);
  return { account: sr25519.getPublicKey(secret), sign: async (message) => sr25519.sign(secret, message) };
}

/** The identity of a mnemonic or 0x seed (see `miniSecret`): one secret gives the signing and the secp256k1 key. */
export async function identityOf(secret: string, keyType: KeyType): Promise<Result<Identity, SeedFault>> {
  const seed = miniSecret(secret);
  if (!seed.ok) return seed;
  const e2eSecret = seed.value;
  if (!secp256k1.utils.isValidSecretKey(e2eSecret)) {
    return err({ reason: 'seed', detail: 'this seed is no secp256k1 secret, take another' });
  }
  const signer = await signerOf(seed.value, keyType);
  return ok({
    keyType,
    account: signer.account,
    e2ePublicKey: secp256k1.getPublicKey(e2eSecret, true),
    sign: async (message) => concatBytes(Uint8Array.of(TYPE_BYTE[keyType]), await signer.sign(message)),
    // The shared point's x-coordinate alone is hashed: without the byte that tells the sign of y.
    sharedKey: (publicKey) => sha256(secp256k1.getSharedSecret(e2eSecret, publicKey, true).subarray(1)),
  });
}

/** The account as people read it: base58 of prefix, key and 2 bytes of checksum. `prefix` 42 is any Substrate chain. */
export function ss58Address(account: Uint8Array, prefix = SUBSTRATE_PREFIX): string {
  if (account.length !== 32) throw new RangeError(`"account" expected 32 bytes, got ${account.length}`);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > 0x3fff)
    throw new RangeError(`"prefix" expected 0 to 16383, got ${prefix}`);
  const head =
    prefix < 64
      ? Uint8Array.of(prefix)
      : Uint8Array.of(((prefix & 0xfc) >> 2) | 0x40, (prefix >> 8) | ((prefix & 3) << 6));
  const body = concatBytes(head, account);
  return base58.encode(concatBytes(body, blake2b(concatBytes(SS58_CONTEXT, body)).subarray(0, 2)));
}
