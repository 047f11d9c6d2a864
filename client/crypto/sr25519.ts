import { sr25519_pubkey, sr25519_secret_from_seed, sr25519_sign, sr25519_verify } from '@polkadot-labs/schnorrkel-wasm';
import type { Signer } from '../../proto/crypto/primitives.ts';
import { isRistrettoPoint, isStrictSr25519 } from '../../proto/crypto/sr25519.ts';
import { Remembered } from './remembered.ts';

/** Checking a point costs half a verification, and most messages come from the same few twins. */
const POINTS = new Remembered(1024, isRistrettoPoint);

/** Signs with a 32-byte seed, by Rust's schnorrkel. */
export function sr25519Signer(seed: Uint8Array): Signer {
  const secret = sr25519_secret_from_seed(seed);
  const account = sr25519_pubkey(secret);
  return { account, sign: async (message) => sr25519_sign(account, secret, message) };
}

/**
 * Verifies by Rust's schnorrkel. The checks before it are not only for strictness: it panics on a key or a signature
 * that it cannot read, and each panic leaks WASM memory until no signature verifies any more.
 */
export function verifySr25519(account: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return isStrictSr25519(account, signature) && POINTS.of(account) && sr25519_verify(account, message, signature);
}
