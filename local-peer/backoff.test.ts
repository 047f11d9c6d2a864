import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

it('doubles its limit to half a minute, uses all of it, and begins anew after a message', () => {
  const longest = new Backoff(() => 1);
  expect(Array.from({ length: 9 }, () => longest.next())).toEqual([
    500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
  ]);
  longest.reset();
  expect(longest.next()).toBe(500);
  const shortest = new Backoff(() => 0);
  expect([shortest.next(), shortest.next()]).toEqual([0, 0]);
});

it('stays between now and half a minute, however often it fails', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 2000 }), (luck) => {
      const values = luck.values();
      const backoff = new Backoff(() => values.next().value ?? 0);
      for (const _ of luck) {
        const ms = backoff.next();
        expect(ms >= 0 && ms <= 30_000).toBe(true);
      }
    }),
  );
});
