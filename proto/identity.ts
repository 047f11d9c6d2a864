import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { base58 } from '@scure/base';
import { hexSeed, type SeedFault } from './crypto/hex-seed.ts';
import { type KeyType, TYPE_BYTE } from './crypto/key-type.ts';
import { PORTABLE } from './crypto/portable.ts';
import type { Primitives } from './crypto/primitives.ts';
import { isSecret } from './crypto/secp256k1.ts';
import { err, ok, type Result } from './result.ts';

export type { KeyType } from './crypto/key-type.ts';

const SUBSTRATE_PREFIX = 42;
const SS58_CONTEXT = new TextEncoder().encode('SS58PRE');

/** The keys of a twin. Its secrets cannot be read, so that no log shows them. */
export interface Identity {
  readonly keyType: KeyType;
  /** 32-byte public key: the account on chain. */
  readonly account: Uint8Array;
  /** 33-byte compressed secp256k1 key that senders encrypt for. */
  readonly e2ePublicKey: Uint8Array;
  /** Resolves with a signature of 65 bytes: the type byte and 64 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>;
  /** Returns the 32-byte key shared with the twin that has this pk. @throws when it is no secp256k1 key */
  sharedKey(publicKey: Uint8Array): Uint8Array;
}

/**
 * Resolves with the identity of a mnemonic or 0x seed (see `miniSecret`). Both keys come from one secret. The words of
 * mnemonics load only for a mnemonic: no page needs them for a seed.
 */
export async function identityOf(
  secret: string,
  keyType: KeyType,
  primitives: Pick<Primitives, 'signer' | 'agreement'> = PORTABLE,
): Promise<Result<Identity, SeedFault>> {
  const seed = hexSeed(secret) ?? (await import('./crypto/seed.ts')).miniSecret(secret);
  if (!seed.ok) return seed;
  if (!isSecret(seed.value)) {
    return err({ reason: 'seed', detail: 'this seed is not a secp256k1 secret: use another' });
  }
  const signer = await primitives.signer(seed.value, keyType);
  const agreement = primitives.agreement(seed.value);
  return ok({
    keyType,
    account: signer.account,
    e2ePublicKey: agreement.publicKey,
    sign: async (message) => withType(keyType, await signer.sign(message)),
    sharedKey: (publicKey) => agreement.sharedKey(publicKey),
  });
}

/** Returns a signature of 64 bytes as RMB writes it: after a byte for its scheme. */
export function withType(keyType: KeyType, signature: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(TYPE_BYTE[keyType]), signature);
}

/** Returns the SS58 address of an account: base58 of prefix, key and checksum. Prefix 42 is any Substrate chain. */
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
