import { createPrivateKey, createPublicKey, hash, sign } from 'node:crypto';
import { PKCS8_HEAD } from '../../proto/ed25519.ts';
import type { Signer } from '../../proto/primitives.ts';
import { edwardsSums, isSmallOrder } from './edwards-points.ts';
import type { PointSums } from './point-sums.ts';

const ACCOUNT_LENGTH = 32;
/** Of the group that the base point makes. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Signs with a 32-byte seed, by OpenSSL. */
export function ed25519Signer(seed: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    account: new Uint8Array(spki.subarray(-ACCOUNT_LENGTH)),
    sign: async (message) => sign(null, message, key),
  };
}

/**
 * Verifies as RFC 8032 says in §5.1.7, without the cofactor, what is written in the one way there is; keys and
 * commitments of small order, which anybody can sign with, are refused. Over tables of each key's multiples, in half
 * of the time that OpenSSL takes, whose versions differ in what they let pass beside that.
 */
export function ed25519Verifier(): (account: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean {
  let sums: PointSums | undefined;
  return (account, message, signature) => {
    if (account.length !== ACCOUNT_LENGTH || signature.length !== 64) return false;
    const commitment = signature.subarray(0, 32);
    const answer = signature.subarray(32);
    if (numberOf(answer) >= ORDER || isSmallOrder(commitment)) return false;
    const challenge = hash('sha512', Buffer.concat([commitment, account, message]), 'buffer');
    sums ??= edwardsSums();
    try {
      return Buffer.compare(sums.difference(answer, written(numberOf(challenge) % ORDER), account), commitment) === 0;
    } catch (error) {
      // A stranger's bytes that are no point, or one of small order.
      if (error instanceof RangeError) return false;
      throw error;
    }
  };
}

/** The number that bytes, a multiple of 8 of them, are: little-endian. */
function numberOf(bytes: Uint8Array): bigint {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let value = 0n;
  for (let at = bytes.length - 8; at >= 0; at -= 8) value = (value << 64n) | buffer.readBigUInt64LE(at);
  return value;
}

/** 32 bytes, little-endian. */
function written(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(32);
  for (let n = 0; n < 4; n += 1) bytes.writeBigUInt64LE(BigInt.asUintN(64, value >> BigInt(64 * n)), 8 * n);
  return bytes;
}
