import { randomFillSync } from 'node:crypto';

/** A call costs as much for this many bytes as for twelve. */
const POOL = 4096;
const pool = new Uint8Array(POOL);
let next = POOL;

/** `length` random bytes, each given once; at most 4,096. */
export function random(length: number): Uint8Array {
  if (next + length > POOL) {
    randomFillSync(pool);
    next = 0;
  }
  const bytes = pool.slice(next, next + length);
  // A nonce that was given must not be readable here later.
  pool.fill(0, next, next + length);
  next += length;
  return bytes;
}
