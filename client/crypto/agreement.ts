import { createECDH, createHash } from 'node:crypto';
import type { Agreement } from '../../proto/crypto/primitives.ts';
import { Remembered } from './remembered.ts';

/** An agreement takes longer than all else that is done for a message. */
const MOST_KEYS = 1024;

/** Whether it is written as a compressed or an uncompressed point: OpenSSL takes a third way, others do not. */
function isPoint(bytes: Uint8Array): boolean {
  const [head] = bytes;
  return bytes.length === 33 ? head === 2 || head === 3 : bytes.length === 65 && head === 4;
}

/** Key agreement by OpenSSL. Keys that were agreed on are remembered: they are as secret as `secret` is. */
export function agreementOf(secret: Uint8Array): Agreement {
  const ecdh = createECDH('secp256k1');
  ecdh.setPrivateKey(secret);
  const keys = new Remembered(MOST_KEYS, (publicKey) => {
    if (!isPoint(publicKey)) throw new RangeError('no secp256k1 public key');
    return new Uint8Array(createHash('sha256').update(ecdh.computeSecret(publicKey)).digest());
  });
  return {
    publicKey: new Uint8Array(ecdh.getPublicKey(null, 'compressed')),
    sharedKey: (publicKey) => keys.of(publicKey),
  };
}
