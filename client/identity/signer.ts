import type { Primitives, Signer as Signature } from '../../proto/crypto/primitives.ts';
import { type Identity, type KeyType, withType } from '../../proto/identity.ts';
import { RmbError } from '../errors.ts';

/**
 * Keys that stay where they are: in a Web Worker, in WebCrypto, in a device. Without `sharedKey` the twin sends and
 * takes plain messages only: a call whose reply is encrypted throws an `RmbError` with the code `no-shared-key`.
 */
export interface Signer extends Signature {
  readonly keyType: KeyType;
  /** 33-byte compressed secp256k1 key that belongs to `sharedKey`: the twin's `pk` on chain. */
  readonly e2ePublicKey?: Uint8Array | undefined;
  /** Resolves with the SHA-256 of the x-coordinate of the point shared with this secp256k1 key, 32 bytes. */
  sharedKey?(publicKey: Uint8Array): Promise<Uint8Array>;
}

/** The keys of a twin, as the client uses them: an `Identity` has all. */
export type Keys = Pick<Identity, 'keyType' | 'account' | 'sign'> & {
  readonly e2ePublicKey?: Uint8Array | undefined;
  sharedKey?(publicKey: Uint8Array): Uint8Array | Promise<Uint8Array>;
};

const ACCOUNT_LENGTH = 32;
/** Signed once, at the start. It is no challenge and no token, so nobody can use the signature. */
const TRIAL = new TextEncoder().encode('rmb-client tries a signer');

/**
 * Resolves with the keys of a signer, after a trial: a signer that wraps messages, or has another account, would fail
 * with every message later. Throws an `RmbError` that says what is wrong with it.
 */
export async function keysOfSigner(signer: Signer, { verify }: Pick<Primitives, 'verify'>): Promise<Keys> {
  const { account, keyType, e2ePublicKey } = signer;
  if (account.length !== ACCOUNT_LENGTH) {
    throw new RmbError('identity', `invalid signer: its account has ${account.length} bytes, expected 32`);
  }
  const canShare = signer.sharedKey !== undefined;
  if (canShare !== (e2ePublicKey !== undefined)) {
    throw new RmbError('identity', 'invalid signer: expected both e2ePublicKey and sharedKey, or none of them');
  }
  const signature = await signed(signer);
  if (!(await verify(keyType, account, TRIAL, signature))) {
    const hint = 'it must sign the bytes as they are, without a prefix or <Bytes> around them';
    throw new RmbError('identity', `invalid signer: its ${keyType} signature does not fit its account; ${hint}`);
  }
  return {
    account,
    keyType,
    e2ePublicKey,
    sign: async (message) => withType(keyType, await signer.sign(message)),
    ...(canShare ? { sharedKey: async (publicKey: Uint8Array) => shared(signer, publicKey) } : {}),
  };
}

async function signed(signer: Signer): Promise<Uint8Array> {
  try {
    return await signer.sign(TRIAL);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RmbError('identity', `the signer did not sign: ${why}`, { cause: error });
  }
}

/** A key of another length would encrypt, and nobody could decrypt. */
async function shared(signer: Signer, publicKey: Uint8Array): Promise<Uint8Array> {
  const key = await signer.sharedKey?.(publicKey);
  if (key?.length === 32) return key;
  throw new RmbError('identity', `the signer's sharedKey gave ${key?.length ?? 0} bytes, expected 32`);
}
