import { ristrettoSums } from './ristretto-points.ts';

/** The arithmetic that Schnorr signatures need of ristretto255. Points and scalars are 32 bytes as RFC 9496 has them. */
export interface Ristretto {
  /** The scalar of 64 bytes, modulo the group's order. */
  reduce(wide: Uint8Array): Uint8Array;
  /** `scalar`, which is not 0, times the base point. */
  multiplyBase(scalar: Uint8Array): Uint8Array;
  /** `challenge` · `secret` + `witness`. */
  answer(challenge: Uint8Array, secret: Uint8Array, witness: Uint8Array): Uint8Array;
  /**
   * `answer` · base - `challenge` · `key`. Undefined when `answer` is no scalar, or 0, or not the shortest of those
   * that are equal, or `key` is no point or the neutral one: no signer makes these.
   */
  commitmentFor(answer: Uint8Array, challenge: Uint8Array, key: Uint8Array): Uint8Array | undefined;
}

/**
 * ristretto255: of libsodium, as WASM, where a secret is worked on, in constant time; our own, with tables for each
 * key, where all is public. Both are loaded when the first signature needs them.
 */
export async function openRistretto(): Promise<Ristretto> {
  const { default: sodium } = await import('libsodium-wrappers-sumo');
  await sodium.ready;
  const points = ristrettoSums();
  const isScalar = (bytes: Uint8Array) => {
    const wide = new Uint8Array(64);
    wide.set(bytes);
    return Buffer.compare(sodium.crypto_core_ristretto255_scalar_reduce(wide), bytes) === 0;
  };
  return {
    reduce: (wide) => sodium.crypto_core_ristretto255_scalar_reduce(wide),
    multiplyBase: (scalar) => sodium.crypto_scalarmult_ristretto255_base(scalar),
    answer(challenge, secret, witness) {
      const product = sodium.crypto_core_ristretto255_scalar_mul(challenge, secret);
      const answer = sodium.crypto_core_ristretto255_scalar_add(product, witness);
      // The challenge is public: whoever learns this has the secret.
      product.fill(0);
      return answer;
    },
    commitmentFor(answer, challenge, key) {
      if (!isScalar(answer) || isZero(answer) || isZero(challenge)) return undefined;
      try {
        return points.difference(answer, challenge, key);
      } catch (error) {
        // A stranger's bytes that are no point, or the neutral one.
        if (error instanceof RangeError) return undefined;
        throw error;
      }
    },
  };
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
