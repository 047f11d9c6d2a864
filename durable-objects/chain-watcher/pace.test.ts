import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FIRST_PACE, learnPace, untilNextLook } from './pace.ts';

/** Follows a chain with this block time. Returns the waits between looks. */
function follow(blockMs: number, looks: number, offset = 0): number[] {
  let [now, pace] = [0, FIRST_PACE];
  return Array.from({ length: looks }, () => {
    pace = learnPace(pace, Math.floor((now + offset) / blockMs), now);
    const wait = untilNextLook(pace);
    now += wait;
    return wait;
  });
}

describe('pace', () => {
  test('tfchain is looked at twice at the start, then every 6 s', () => {
    fc.assert(
      fc.property(fc.nat(6000), (offset) => {
        const [first, ...rest] = follow(6000, 100, offset);
        expect(first).toBe(1000);
        expect(new Set(rest)).toEqual(new Set([6000]));
      }),
    );
  });

  test('looks are one block apart, at least 1 s and at most 6 s', () => {
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 60_000 }), fc.nat(60_000), (blockMs, offset) => {
        for (const wait of follow(blockMs, 60, offset).slice(1)) {
          expect(wait).toBeGreaterThanOrEqual(Math.max(Math.min(blockMs, 6000) - 1, 1000));
          expect(wait).toBeLessThanOrEqual(6000);
        }
      }),
    );
  });

  test('a chain with blocks of 1 s is looked at about once a second', () => {
    expect(follow(1000, 40).at(-1)).toBeLessThan(1200);
  });

  test('a burst of blocks is forgotten within two minutes', () => {
    let pace = learnPace(FIRST_PACE, 100, 0);
    pace = learnPace(pace, 100, 1000);
    pace = learnPace(pace, 105, 7000);
    expect(untilNextLook(pace)).toBeLessThan(6000);
    for (let now = 8000; now <= 120_000; now += 1000)
      pace = learnPace(pace, 105 + Math.floor((now - 7000) / 6000), now);
    expect(untilNextLook(pace)).toBe(6000);
  });

  test('a head that goes back, from another node, is not measured', () => {
    const pace = learnPace(learnPace(FIRST_PACE, 100, 0), 98, 6000);
    expect(pace).toMatchObject({ blockMs: 6000, since: { head: 98, at: 6000 } });
  });
});
