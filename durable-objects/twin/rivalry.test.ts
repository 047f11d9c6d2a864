import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterAnswer, isDuelAt, NO_RIVAL, takesOver } from './rivalry.ts';

const NOW = 1_800_000_000_000;

/** Connections that come after these pauses (ms), and whether the one that loses the session to each is alive. */
const visits = fc.array(fc.record({ after: fc.integer({ min: 1, max: 90_000 }), isAlive: fc.boolean() }), {
  maxLength: 60,
});

/** The times at which newcomers got the session, and whether each newcomer did. */
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

describe('who gets a session', () => {
  it('is the newer connection, at once, as long as no connection that loses it answers', () => {
    fc.assert(
      fc.property(visits, (steps) => {
        const { seen } = play(steps.map((step) => ({ ...step, isAlive: false })));
        expect(seen.every(({ isTaken, isDuel }) => isTaken && !isDuel)).toBe(true);
      }),
    );
  });

  it('is the newer one again within 10 s, whatever was before', () => {
    fc.assert(
      fc.property(visits, (steps) => {
        const { seen } = play([...steps, { after: 10_000, isAlive: false }]);
        expect(seen.at(-1)?.isTaken).toBe(true);
      }),
    );
  });

  it('changes three times within 10 s at most when all are alive: the third switch is refused', () => {
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

  it('is told to the loser as a duel when it is the second switch within 10 s, until a minute passed in peace', () => {
    const once = afterAnswer(NO_RIVAL, NOW);
    expect([isDuelAt(once, NOW + 9_999), isDuelAt(once, NOW + 10_000)]).toEqual([true, false]);
    const duel = afterAnswer(once, NOW + 5_000);
    expect(duel).toEqual({ switchedAt: NOW + 5_000, isDuel: true });
    expect([takesOver(duel, NOW + 14_999), takesOver(duel, NOW + 15_000)]).toEqual([false, true]);
    expect([isDuelAt(duel, NOW + 64_999), isDuelAt(duel, NOW + 65_000)]).toEqual([true, false]);
  });

  it('does not depend on the order in which answers come', () => {
    const both = [NOW, NOW + 3_000];
    const inOrder = both.reduce(afterAnswer, NO_RIVAL);
    expect(both.toReversed().reduce(afterAnswer, NO_RIVAL)).toEqual(inOrder);
  });
});
