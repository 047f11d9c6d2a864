import { Field } from '@noble/curves/abstract/modular.js';
import { type EndomorphismOpts, weierstrass } from '@noble/curves/abstract/weierstrass.js';

/** The curve's parameters (SEC 2, section 2.4.1). */
const CURVE = {
  p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn,
  n: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  h: 1n,
  a: 0n,
  b: 7n,
  Gx: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  Gy: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
};
/** The curve's endomorphism: it halves the time of a multiplication. */
const ENDOMORPHISM: EndomorphismOpts = {
  beta: 0x7ae96a2b657c07106e64479eac3434e99cf0497512f58995c1396c28719501een,
  basises: [
    [0x3086d221a7d46bcde86c90e49284eb15n, -0xe4437ed6010e88286f547fa90abfe4c3n],
    [0x114ca50f7a8e2f3f657c1108d9d44cfd8n, 0x3086d221a7d46bcde86c90e49284eb15n],
  ],
};

/** Points alone. The library's `secp256k1` has ECDSA and Schnorr, too: 3 KB gzip that no page needs. */
const Point = weierstrass(CURVE, { Fp: Field(CURVE.p), endo: ENDOMORPHISM });

/** Returns whether 32 bytes are a secret: a scalar above 0 and below the curve's order. */
export function isSecret(bytes: Uint8Array): boolean {
  try {
    return Point.Fn.isValidNot0(Point.Fn.fromBytes(bytes));
  } catch {
    return false;
  }
}

/** Returns whether the bytes are a point of the curve, compressed (33 bytes) or not (65). */
export function isPublicKey(bytes: Uint8Array): boolean {
  try {
    Point.fromBytes(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Returns the public key of a secret, 33 bytes. @throws when it is no secret */
export function publicKeyOf(secret: Uint8Array): Uint8Array {
  return Point.BASE.multiply(Point.Fn.fromBytes(secret)).toBytes(true);
}

/** Returns the x-coordinate of the shared point, 32 bytes. @throws when `publicKey` is no public key */
export function sharedX(secret: Uint8Array, publicKey: Uint8Array): Uint8Array {
  // Without the first byte, which is the sign of y.
  return Point.fromBytes(publicKey).multiply(Point.Fn.fromBytes(secret)).toBytes(true).subarray(1);
}
