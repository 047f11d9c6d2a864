import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FIRST_PACE, learnPace, untilNextLook } from './pace.ts';

/** Follows a chain with this block time for a while; the waits between looks. */
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
  test('on tfchain: a second look at the start, then one every 6 s, whenever one starts', () => {
    fc.assert(
      fc.property(fc.nat(6000), (offset) => {
        const [first, ...rest] = follow(6000, 100, offset);
        expect(first).toBe(1000);
        expect(new Set(rest)).toEqual(new Set([6000]));
      }),
    );
  });

  test('a look is never more often than a block, nor than once a second, nor less often than every 6 s', () => {
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 60_000 }), fc.nat(60_000), (blockMs, offset) => {
        for (const wait of follow(blockMs, 60, offset).slice(1)) {
          expect(wait).toBeGreaterThanOrEqual(Math.max(Math.min(blockMs, 6000) - 1, 1000));
          expect(wait).toBeLessThanOrEqual(6000);
        }
      }),
    );
  });

  test('a chain of a second is followed every second or so', () => {
    expect(follow(1000, 40).at(-1)).toBeLessThan(1200);
  });

  test('blocks that come in a burst are forgotten within two minutes', () => {
    let pace = learnPace(FIRST_PACE, 100, 0);
    pace = learnPace(pace, 100, 1000);
    pace = learnPace(pace, 105, 7000);
    expect(untilNextLook(pace)).toBeLessThan(6000);
    for (let now = 8000; now <= 120_000; now += 1000)
      pace = learnPace(pace, 105 + Math.floor((now - 7000) / 6000), now);
    expect(untilNextLook(pace)).toBe(6000);
  });

  test('a head that goes back, as another node has it, is no measurement', () => {
    const pace = learnPace(learnPace(FIRST_PACE, 100, 0), 98, 6000);
    expect(pace).toMatchObject({ blockMs: 6000, since: { head: 98, at: 6000 } });
  });
});
