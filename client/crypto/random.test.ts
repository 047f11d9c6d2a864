import { expect, test } from 'vitest';
import { random } from './random.ts';

test('as many bytes as are asked for, however many were given before; none is given twice, or is a gap', () => {
  const lengths = Array.from({ length: 1500 }, (_, n) => [12, 32, 1, 24][n % 4] ?? 0);
  const given = lengths.map((length) => random(length));
  expect(given.map(({ length }) => length)).toEqual(lengths);
  const all = Buffer.concat(given);
  // Eight bytes in a row come again by chance once in 10^10 times that this test is run.
  const rows = Array.from({ length: all.length - 7 }, (_, at) => all.toString('latin1', at, at + 8));
  expect(new Set(rows).size).toBe(rows.length);
});

test('4,096 bytes at once, and twice', () => {
  const [one, other] = [random(4096), random(4096)];
  expect([one.length, other.length]).toEqual([4096, 4096]);
  expect(Buffer.compare(one, other)).not.toBe(0);
});
