import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pauses } from './pauses.ts';

describe('Pauses', () => {
  it('pauses one twin for the seconds that its relay names, and no other twin', () => {
    const pauses = new Pauses(() => 0);
    pauses.pause(7, 3, 1_000);
    expect([pauses.until(7, 3_999), pauses.until(8, 1_000)]).toEqual([4_000, undefined]);
    expect([pauses.until(7, 4_000), pauses.isEmpty]).toEqual([undefined, true]);
  });

  it('never shortens a pause', () => {
    const pauses = new Pauses(() => 0);
    pauses.pause(7, 10, 0);
    pauses.pause(7, 1, 0);
    expect(pauses.until(7, 0)).toBe(10_000);
  });

  it('is at least as long as the relay says and a quarter longer at most, within 75 s', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 2 ** 31 }),
        (random, seconds) => {
          const pauses = new Pauses(() => random);
          pauses.pause(7, seconds, 0);
          const until = pauses.until(7, -1) ?? 0;
          const ms = Math.min(seconds, 60) * 1000;
          expect(until).toBeGreaterThanOrEqual(ms);
          expect(until).toBeLessThanOrEqual(ms * 1.25);
        },
      ),
    );
  });

  it('remembers at most 1,024 twins', () => {
    const pauses = new Pauses(() => 0);
    for (let twin = 1; twin <= 1_025; twin += 1) pauses.pause(twin, 5, 0);
    expect([pauses.until(1, 0), pauses.until(1_025, 0)]).toEqual([undefined, 5_000]);
  });
});
