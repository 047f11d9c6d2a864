import type { KeyType } from './key-type.ts';

/** What signs for an account. */
export interface Signer {
  /** 32-byte public key. */
  readonly account: Uint8Array;
  /** 64 bytes of signature; for sr25519 never the same ones twice. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** One secp256k1 secret's half of a key agreement. */
export interface Agreement {
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** SHA-256 of the shared point's x-coordinate alone: 32 bytes. Throws when `publicKey` is no secp256k1 key. */
  sharedKey(publicKey: Uint8Array): Uint8Array;
}

/**
 * The mathematics under identity, signature and cipher, of which a host may have a faster kind than `PORTABLE`.
 * Lengths are checked by who calls; what is wrong beyond that comes from strangers, and is refused.
 */
export interface Primitives {
  /** @param seed 32 bytes */
  signer(seed: Uint8Array, scheme: KeyType): Promise<Signer>;
  /** Whether the 64 bytes are the 32-byte account's signature. An account that is no point has signed nothing. */
  verify(scheme: KeyType, account: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>;
  /** @param secret a valid secp256k1 secret, 32 bytes */
  agreement(secret: Uint8Array): Agreement;
  /** AES-256-GCM with a 12-byte nonce; the tag's 16 bytes are the last. */
  encrypt(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Promise<Uint8Array>;
  /** Undefined when this is not what `encrypt` made with the same key and nonce, whatever the reason. */
  decrypt(key: Uint8Array, nonce: Uint8Array, cipher: Uint8Array): Promise<Uint8Array | undefined>;
  /** Of all the parts, one after the other: 16 bytes. */
  md5(parts: readonly Uint8Array[]): Uint8Array;
  /** SHA-256 of all the parts, one after the other, in base64url without padding: 43 characters. */
  sha256Text(parts: readonly Uint8Array[]): string;
  /** Bytes that nobody can guess. */
  random(length: number): Uint8Array;
}
