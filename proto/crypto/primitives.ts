import type { KeyType } from './key-type.ts';

/** Signs for an account. */
export interface Signer {
  /** 32-byte public key. */
  readonly account: Uint8Array;
  /** Resolves with a signature of 64 bytes. An sr25519 signature is never the same twice. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** The half of a key agreement that belongs to one secp256k1 secret. */
export interface Agreement {
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** Returns the SHA-256 of the shared point's x-coordinate, 32 bytes. @throws when `publicKey` is no secp256k1 key */
  sharedKey(publicKey: Uint8Array): Uint8Array;
}

/**
 * The mathematics of identity, signature and cipher. A host may have faster ones than `PORTABLE`. The caller checks lengths.
 * Other invalid bytes come from strangers, and are refused without an exception.
 */
export interface Primitives {
  /** Resolves with a signer. @param seed 32 bytes */
  signer(seed: Uint8Array, scheme: KeyType): Promise<Signer>;
  /** Resolves with whether the 64 bytes are the 32-byte account's signature; false for an account that is no point. */
  verify(scheme: KeyType, account: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>;
  /** Returns an agreement. @param secret a valid secp256k1 secret, 32 bytes */
  agreement(secret: Uint8Array): Agreement;
  /** Encrypts by AES-256-GCM with a 12-byte nonce. The last 16 bytes are the tag. */
  encrypt(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Promise<Uint8Array>;
  /** Decrypts; undefined if `encrypt` did not return this cipher for the same key and nonce. */
  decrypt(key: Uint8Array, nonce: Uint8Array, cipher: Uint8Array): Promise<Uint8Array | undefined>;
  /** Returns the MD5 of all parts in order, 16 bytes. */
  md5(parts: readonly Uint8Array[]): Uint8Array;
  /** Returns the SHA-256 of all parts in order, in base64url without padding: 43 characters. */
  sha256Text(parts: readonly Uint8Array[]): string;
  /** Returns random bytes that nobody can guess. */
  random(length: number): Uint8Array;
}
