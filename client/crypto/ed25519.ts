import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { isStrictEd25519 } from '../../proto/crypto/ed25519.ts';
import { PKCS8_HEAD } from '../../proto/crypto/ed25519-pkcs8.ts';
import type { Signer } from '../../proto/crypto/primitives.ts';
import { Remembered } from './remembered.ts';

const ACCOUNT_LENGTH = 32;
/** DER before the 32 bytes of an Ed25519 public key (RFC 8410, section 4). */
const SPKI_HEAD = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0);
/** Importing a key costs a quarter of a verification. */
const KEYS = new Remembered(1024, (account) =>
  createPublicKey({ key: Buffer.concat([SPKI_HEAD, account]), format: 'der', type: 'spki' }),
);

/** Signs with a 32-byte seed, by OpenSSL. */
export function ed25519Signer(seed: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    account: new Uint8Array(spki.subarray(-ACCOUNT_LENGTH)),
    sign: async (message) => sign(null, message, key),
  };
}

/** Verifies by OpenSSL, which compares as RFC 8032 does in section 5.1.7 and without the cofactor. */
export function verifyEd25519(account: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return isStrictEd25519(account, signature) && verify(null, message, KEYS.of(account), signature);
}
