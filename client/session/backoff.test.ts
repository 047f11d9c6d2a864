import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

it('doubles its limit to half a minute, uses all of it, and starts again after a message', () => {
  const longest = new Backoff(() => 1);
  expect(Array.from({ length: 9 }, () => longest.next())).toEqual([
    500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
  ]);
  longest.reset();
  expect(longest.next()).toBe(500);
  const shortest = new Backoff(() => 0);
  expect([shortest.next(), shortest.next()]).toEqual([0, 0]);
});

it('waits at 2 s for two minutes while nobody is reached, and goes on from there', () => {
  let now = 0;
  const backoff = new Backoff(
    () => 1,
    30_000,
    () => now,
  );
  expect(Array.from({ length: 6 }, () => backoff.next(true))).toEqual([500, 1000, 2000, 2000, 2000, 2000]);
  expect([backoff.next(), backoff.next(true), backoff.next()]).toEqual([2000, 2000, 4000]);
  now = 119_999;
  expect(backoff.next(true)).toBe(2000);
  now = 120_000;
  expect(Array.from({ length: 3 }, () => backoff.next(true))).toEqual([8000, 16_000, 30_000]);
  backoff.reset();
  expect([backoff.next(true), backoff.next(true), backoff.next(true)]).toEqual([500, 1000, 2000]);
});

it('stays between now and half a minute, however often it fails', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), { minLength: 1, maxLength: 2000 }),
      (luck) => {
        const values = luck.values();
        const backoff = new Backoff(() => values.next().value?.[0] ?? 0);
        for (const [, isUnreached] of luck) {
          const ms = backoff.next(isUnreached);
          expect(ms >= 0 && ms <= 30_000).toBe(true);
        }
      },
    ),
  );
});
