import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { PKCS8_HEAD } from '../../proto/ed25519.ts';
import type { Signer } from '../../proto/primitives.ts';
import { Remembered } from './remembered.ts';

const ACCOUNT_LENGTH = 32;
/** An imported key takes about 1 KB, and importing it a third of the time of a verification. */
const MOST_KEYS = 1024;
/** DER before the 32 bytes of an Ed25519 public key (RFC 8410 §4). */
const SPKI_HEAD = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0);

function importKey(account: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_HEAD, account]), format: 'der', type: 'spki' });
}

/** Signs with a 32-byte seed, by OpenSSL. */
export function ed25519Signer(seed: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    account: new Uint8Array(spki.subarray(-ACCOUNT_LENGTH)),
    sign: async (message) => sign(null, message, key),
  };
}

/** Verifies by OpenSSL, as WebCrypto does, but here and now: its own threads cost more than they spare. */
export function ed25519Verifier(): (account: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean {
  const keys = new Remembered(MOST_KEYS, importKey);
  return (account, message, signature) => {
    try {
      return verify(null, message, keys.of(account), signature);
    } catch {
      // OpenSSL takes any 32 bytes for a key and verifies nothing with those that are no point; older ones may throw.
      return false;
    }
  };
}
