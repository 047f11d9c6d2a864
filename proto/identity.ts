import { secp256k1 } from '@noble/curves/secp256k1.js';
import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { base58 } from '@scure/base';
import { type KeyType, TYPE_BYTE } from './key-type.ts';
import { PORTABLE } from './portable.ts';
import type { Primitives } from './primitives.ts';
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

/** The identity of a mnemonic or 0x seed (see `miniSecret`): one secret gives the signing and the secp256k1 key. */
export async function identityOf(
  secret: string,
  keyType: KeyType,
  primitives: Pick<Primitives, 'signer' | 'agreement'> = PORTABLE,
): Promise<Result<Identity, SeedFault>> {
  const seed = miniSecret(secret);
  if (!seed.ok) return seed;
  if (!secp256k1.utils.isValidSecretKey(seed.value)) {
    return err({ reason: 'seed', detail: 'this seed is no secp256k1 secret, take another' });
  }
  const signer = await primitives.signer(seed.value, keyType);
  const agreement = primitives.agreement(seed.value);
  return ok({
    keyType,
    account: signer.account,
    e2ePublicKey: agreement.publicKey,
    sign: async (message) => concatBytes(Uint8Array.of(TYPE_BYTE[keyType]), await signer.sign(message)),
    sharedKey: (publicKey) => agreement.sharedKey(publicKey),
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
