import { ristretto255 } from '@noble/curves/ed25519.js';

const ACCOUNT_LENGTH = 32;
const SIGNATURE_LENGTH = 64;
/** The highest bit of a signature marks it as schnorrkel's, not ed25519's. */
const MARKER = 0x80;
const { Point } = ristretto255;

/** Returns whether 32 bytes are the canonical encoding of a scalar other than 0. */
function isScalar(bytes: Uint8Array): boolean {
  try {
    return !Point.Fn.is0(Point.Fn.fromBytes(bytes));
  } catch {
    return false;
  }
}

/**
 * Returns whether a signature is well-formed: lengths, marker, a scalar. The neutral key fails, because anybody can sign
 * with it. Some libraries panic on such bytes, so they must not get them.
 */
export function isStrictSr25519(account: Uint8Array, signature: Uint8Array): boolean {
  if (account.length !== ACCOUNT_LENGTH || signature.length !== SIGNATURE_LENGTH) return false;
  if (account.every((byte) => byte === 0)) return false;
  const last = signature[SIGNATURE_LENGTH - 1] ?? 0;
  if ((last & MARKER) === 0) return false;
  return isScalar(signature.slice(32).with(31, last & ~MARKER));
}

/** Returns whether 32 bytes encode a point of ristretto255, as a key must. */
export function isRistrettoPoint(bytes: Uint8Array): boolean {
  try {
    Point.fromBytes(bytes);
    return true;
  } catch {
    return false;
  }
}
