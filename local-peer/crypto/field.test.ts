import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Field } from './field.ts';
import { SIZE } from './field-code.ts';
import { newMachine } from './machine.ts';

const P = 2n ** 255n - 19n;
const LIMBS = Array.from({ length: SIZE / 4 }, (_, n) => n);
const bitsOf = (n: number) => (n % 2 === 0 ? 26 : 25);
/** The weight of a limb, as a power of two. */
const placeOf = (n: number) => BigInt(Math.ceil(25.5 * n));

const machine = newMachine();
const field = new Field(machine);
const [a, b, c] = [field.place(), field.place(), field.place()] as const;

const smallest = (value: bigint) => ((value % P) + P) % P;
const valueAt = (at: number) => LIMBS.reduce((sum, n) => sum + (BigInt(limbAt(at, n)) << placeOf(n)), 0n);
const limbAt = (at: number, n: number) => machine.limbs[at / 4 + n] ?? 0;
const read = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

/** Numbers whose limbs are up to so many times as large as they are written with, of either sign; often the largest. */
const limbs = (times: number) =>
  fc
    .tuple(...LIMBS.map(() => fc.oneof(fc.constantFrom(-1, 1), fc.double({ min: -1, max: 1, noNaN: true }))))
    .map((parts) => parts.map((part, n) => Math.trunc(part * times * 2 ** bitsOf(n))));
const put = (at: number, each: readonly number[]) => machine.limbs.set(each, at / 4);

/** A number as it may be kept: a limb that is too large by one of the next is less than 0. */
function kept(value: bigint, isBorrowed: readonly boolean[]): number[] {
  let rest = value;
  return LIMBS.map((n) => {
    if (n === 9) return Number(rest);
    const limb = BigInt.asUintN(bitsOf(n), rest) - (isBorrowed[n] ? 1n << BigInt(bitsOf(n)) : 0n);
    rest = (rest - limb) >> BigInt(bitsOf(n));
    return Number(limb);
  });
}

test('products, squares, sums and differences, also in place of what they are made of', () => {
  fc.assert(
    fc.property(limbs(2.8), limbs(2.8), fc.constantFrom(a, b, c), (one, other, to) => {
      const begin = () => {
        put(a, one);
        put(b, other);
        return [valueAt(a), valueAt(b)] as const;
      };
      const [x, y] = begin();
      machine.mul(to, a, b);
      expect(smallest(valueAt(to))).toBe(smallest(x * y));
      begin();
      machine.square(to, a);
      expect(smallest(valueAt(to))).toBe(smallest(x * x));
      begin();
      machine.add(to, a, b);
      expect(valueAt(to)).toBe(x + y);
      begin();
      machine.sub(to, a, b);
      expect(valueAt(to)).toBe(x - y);
    }),
    { numRuns: 1000 },
  );
});

test('limbs of a product are half as large as those of a number, so that sums of three can be multiplied', () => {
  fc.assert(
    fc.property(limbs(2.8), limbs(2.8), (one, other) => {
      put(a, one);
      put(b, other);
      machine.mul(c, a, b);
      machine.square(a, a);
      for (const n of LIMBS) {
        for (const at of [a, c]) expect(Math.abs(limbAt(at, n))).toBeLessThanOrEqual(1.01 * 2 ** (bitsOf(n) - 1));
      }
    }),
    { numRuns: 1000 },
  );
});

test('a square of a square, so many times', () => {
  field.put(a, 3n);
  let expected = 3n;
  for (let n = 1; n <= 20; n += 1) {
    expected = smallest(expected * expected);
    machine.squareTimes(b, a, n);
    expect(smallest(valueAt(b))).toBe(expected);
  }
  machine.squareTimes(a, a, 20);
  expect(smallest(valueAt(a))).toBe(expected);
});

/** What is on both sides of the multiples of the field's order, and of 2^255. */
const EDGES = [-P, 0n, P, 2n ** 255n, -(2n ** 255n)].flatMap((near) =>
  Array.from({ length: 81 }, (_, n) => near + BigInt(n - 40)),
);
const BORROWED = ['000000000', '111111111', '010101010', '101010101', '000000001', '111111110'].map((each) =>
  [...each].map((digit) => digit === '1'),
);

function expectSmallest(): void {
  const value = smallest(valueAt(a));
  expect(read(field.bytes(a))).toBe(value);
  expect(field.isNegative(a)).toBe((value & 1n) === 1n);
  expect(field.isZero(a)).toBe(value === 0n);
}

test('is written as the smallest number that it is, however it is kept', () => {
  for (const edge of EDGES) {
    for (const isBorrowed of BORROWED) {
      put(a, kept(edge, isBorrowed));
      expectSmallest();
    }
  }
  fc.assert(
    fc.property(limbs(1.5), (each) => {
      put(a, each);
      expectSmallest();
    }),
    { numRuns: 1000 },
  );
});

test('what is put is what is read, less than 0 and beyond the field, too', () => {
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...EDGES), fc.bigInt({ min: -(2n ** 256n), max: 2n ** 256n })), (value) => {
      field.put(a, value);
      field.copy(b, a);
      expect(read(field.bytes(b))).toBe(smallest(value));
    }),
  );
});
