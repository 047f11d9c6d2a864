import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterAnswer, isDuelAt, NO_RIVAL, takesOver } from './rivalry.ts';

const NOW = 1_800_000_000_000;

/** Connections after these pauses (ms), and whether the connection that loses the session to each is alive. */
const visits = fc.array(fc.record({ after: fc.integer({ min: 1, max: 90_000 }), isAlive: fc.boolean() }), {
  maxLength: 60,
});

/** Returns whether each newcomer got the session, and the times of the switches. */
function play(steps: readonly { readonly after: number; readonly isAlive: boolean }[]) {
  let [now, rivalry] = [NOW, NO_RIVAL];
  const got: number[] = [];
  const seen = steps.map(({ after, isAlive }) => {
    now += after;
    const isTaken = takesOver(rivalry, now);
    const isDuel = isDuelAt(rivalry, now);
    if (isTaken) got.push(now);
    if (isTaken && isAlive) rivalry = afterAnswer(rivalry, now);
    return { now, isTaken, isDuel };
  });
  return { got, seen };
}

describe('rivalry', () => {
  it('gives the session to the newer connection at once while no loser answers', () => {
    fc.assert(
      fc.property(visits, (steps) => {
        const { seen } = play(steps.map((step) => ({ ...step, isAlive: false })));
        expect(seen.every(({ isTaken, isDuel }) => isTaken && !isDuel)).toBe(true);
      }),
    );
  });

  it('gives the session to a newer connection again within 10 s', () => {
    fc.assert(
      fc.property(visits, (steps) => {
        const { seen } = play([...steps, { after: 10_000, isAlive: false }]);
        expect(seen.at(-1)?.isTaken).toBe(true);
      }),
    );
  });

  it('refuses the third switch within 10 s between live connections', () => {
    fc.assert(
      fc.property(visits, (steps) => {
        const { got } = play(steps.map((step) => ({ ...step, isAlive: true })));
        for (const [n, at] of got.entries()) {
          const third = got[n + 2];
          if (third !== undefined) expect(third - at).toBeGreaterThanOrEqual(10_000);
        }
      }),
    );
  });

  it('is a duel from the second switch within 10 s, until a minute without a switch', () => {
    const once = afterAnswer(NO_RIVAL, NOW);
    expect([isDuelAt(once, NOW + 9_999), isDuelAt(once, NOW + 10_000)]).toEqual([true, false]);
    const duel = afterAnswer(once, NOW + 5_000);
    expect(duel).toEqual({ switchedAt: NOW + 5_000, isDuel: true });
    expect([takesOver(duel, NOW + 14_999), takesOver(duel, NOW + 15_000)]).toEqual([false, true]);
    expect([isDuelAt(duel, NOW + 64_999), isDuelAt(duel, NOW + 65_000)]).toEqual([true, false]);
  });

  it('does not depend on the order of the answers', () => {
    const both = [NOW, NOW + 3_000];
    const inOrder = both.reduce(afterAnswer, NO_RIVAL);
    expect(both.toReversed().reduce(afterAnswer, NO_RIVAL)).toEqual(inOrder);
  });
});
