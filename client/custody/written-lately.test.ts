import { expect, it } from 'vitest';
import { WrittenLately } from './written-lately.ts';

const NEVER = Number.POSITIVE_INFINITY;
const numbers = (written: readonly { readonly bytes: Uint8Array }[]) => written.map(({ bytes }) => bytes[0]);

it('returns what a torn socket took in the last 10 s, in order, once', () => {
  const lately = new WrittenLately();
  for (let n = 0; n < 4; n += 1) lately.add(Uint8Array.of(n), NEVER, n * 5_000);
  expect(numbers(lately.ended(true, 15_001))).toEqual([2, 3]);
  expect(lately.ended(true, 15_001)).toEqual([]);
});

it('forgets what a socket took that ended with a close frame', () => {
  const lately = new WrittenLately();
  lately.add(Uint8Array.of(1), NEVER, 0);
  expect(lately.ended(false, 1)).toEqual([]);
  expect(lately.ended(true, 1)).toEqual([]);
});

it('returns nothing whose time is over', () => {
  const lately = new WrittenLately();
  lately.add(Uint8Array.of(1), 100, 0);
  lately.add(Uint8Array.of(2), 101, 0);
  expect(numbers(lately.ended(true, 100))).toEqual([2]);
});

it('has bounds: the oldest are forgotten', () => {
  const many = new WrittenLately();
  for (let n = 0; n < 5_000; n += 1) many.add(Uint8Array.of(n % 256), NEVER, 0);
  expect(numbers(many.ended(true, 0))).toEqual(Array.from({ length: 2_000 }, (_, n) => (3_000 + n) % 256));
  const large = new WrittenLately();
  for (let n = 0; n < 5; n += 1) large.add(new Uint8Array(2 ** 20).fill(n), NEVER, 0);
  expect(numbers(large.ended(true, 0))).toEqual([1, 2, 3, 4]);
});
