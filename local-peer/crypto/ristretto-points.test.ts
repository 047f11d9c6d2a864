import { ristretto255 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PointSums } from './point-sums.ts';
import { ristrettoSums } from './ristretto-points.ts';

const { Point } = ristretto255;
const ORDER = Point.Fn.ORDER;
const P = Point.Fp.ORDER;
const POINTS = ristrettoSums();

const written = (scalar: bigint) =>
  Uint8Array.from({ length: 32 }, (_, n) => Number((scalar >> BigInt(8 * n)) & 0xffn));
/** Scalars, among them those whose digits carry all the way, or hardly at all. */
const scalar = fc.oneof(
  fc.bigInt({ min: 1n, max: ORDER - 1n }),
  fc.constantFrom(1n, 2n, 8n, 31n, 32n, 33n, 2n ** 252n, 2n ** 252n - 1n, ORDER - 1n, (ORDER - 1n) / 2n),
);

test('sums are those of another implementation', () => {
  fc.assert(
    fc.property(scalar, scalar, scalar, (answer, challenge, secret) => {
      const key = Point.BASE.multiply(secret);
      const expected = Point.BASE.multiply(answer).subtract(key.multiply(challenge));
      const found = POINTS.difference(written(answer), written(challenge), key.toBytes());
      expect(Buffer.from(found)).toEqual(Buffer.from(expected.toBytes()));
    }),
    { numRuns: 200 },
  );
});

test('two of them, each with a key of its own, do not mind each other', () => {
  const other = ristrettoSums();
  const keys = [5n, 7n].map((secret) => Point.BASE.multiply(secret));
  const sum = (points: PointSums, key: (typeof keys)[number] = Point.BASE) =>
    Buffer.from(points.difference(written(11n), written(3n), key.toBytes())).toString('hex');
  const expected = keys.map((key) => Point.BASE.multiply(11n).subtract(key.multiply(3n)).toHex());
  for (let n = 0; n < 2; n += 1) expect([sum(POINTS, keys[0]), sum(other, keys[1])]).toEqual(expected);
});

test('a sum that is the neutral point', () => {
  const key = Point.BASE.multiply(7n).toBytes();
  expect([...POINTS.difference(written(21n), written(3n), key)]).toEqual(Array(32).fill(0));
});

test.each([
  ['the neutral point', `${'00'.repeat(32)}`],
  ['a number larger than the field', `ed${'ff'.repeat(30)}7f`],
  ['a number with the top bit set', `${'00'.repeat(31)}80`],
  ['all bits set', 'ff'.repeat(32)],
  ['a negative number', `01${'00'.repeat(31)}`],
  // The last of RFC 9496, §A.3.
  ['-1, which gives y = 0', `ec${'ff'.repeat(30)}7f`],
])('%s is no key', (_, hex) => {
  expect(() => POINTS.difference(written(1n), written(1n), Buffer.from(hex, 'hex'))).toThrow(RangeError);
});

test('of any 32 bytes those are keys that another implementation takes for a point', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const key = bytes.with(0, (bytes[0] ?? 0) & 0xfe).with(31, (bytes[31] ?? 0) & 0x7f);
      expect(taken(() => POINTS.difference(written(1n), written(1n), key))).toBe(taken(() => Point.fromBytes(key)));
    }),
    { numRuns: 300 },
  );
});

test('no key is written with a number beyond the field, or with the other root, though it is that of a point', () => {
  fc.assert(
    fc.property(scalar, (secret) => {
      const s = BigInt(`0x${Buffer.from(Point.BASE.multiply(secret).toBytes()).reverse().toString('hex')}`);
      for (const other of [s + P, P - s]) {
        expect(() => POINTS.difference(written(1n), written(1n), written(other))).toThrow(RangeError);
      }
    }),
  );
});

function taken(use: () => unknown): boolean {
  try {
    use();
    return true;
  } catch {
    return false;
  }
}
