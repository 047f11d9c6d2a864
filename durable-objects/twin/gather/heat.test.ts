import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CallEnd, COLD, heatAfter, wayOf } from './heat.ts';

const NOW = 1_000_000;
const heatOf = (...ends: CallEnd[]) => ends.reduce((heat, end) => heatAfter(heat, end, NOW, 0.5), COLD);

describe('the way of a batch', () => {
  it('is direct at first, and gathered for a minute after the object took no call', () => {
    const heat = heatOf('overloaded');
    expect([wayOf(COLD, NOW), wayOf(heat, NOW), wayOf(heat, NOW + 59_999), wayOf(heat, NOW + 60_000)]).toEqual([
      'direct',
      'gathered',
      'gathered',
      'direct',
    ]);
  });

  it('is gathered after two slow calls in a row, of a second each', () => {
    const ways = [
      [{ took: 1_000 }],
      [{ took: 1_000 }, { took: 999 }, { took: 1_000 }],
      [{ took: 1_000 }, { took: 9_000 }],
    ];
    expect(ways.map((ends) => wayOf(heatOf(...ends), NOW))).toEqual(['direct', 'direct', 'gathered']);
  });

  it('stays gathered after a gathered call that may still run: a direct batch would overtake it', () => {
    const heat = heatAfter(heatOf('overloaded'), 'in-doubt', NOW + 59_999, 0);
    expect(wayOf(heat, NOW + 89_998)).toBe('gathered');
  });

  it('is direct again after 30 to 90 s, drawn by each sender, and never sooner for a second sign of load', () => {
    const draw = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(draw, draw, (first, second) => {
        const once = heatAfter(COLD, 'overloaded', NOW, first).until;
        const twice = heatAfter({ until: once, slow: 0 }, 'overloaded', NOW, second).until;
        expect(once - NOW).toBeGreaterThanOrEqual(30_000);
        expect(twice).toBeGreaterThanOrEqual(once);
        expect(twice - NOW).toBeLessThanOrEqual(90_000);
      }),
    );
  });
});
