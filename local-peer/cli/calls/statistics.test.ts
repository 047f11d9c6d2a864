import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundTrips } from './statistics.ts';

describe('roundTrips', () => {
  it('says nothing of nothing', () => {
    expect(roundTrips([])).toBeUndefined();
  });

  it('takes values that were measured, not ones in between', () => {
    const times = Array.from({ length: 200 }, (_, n) => n + 1);
    expect(roundTrips(times)).toEqual({ min: 1, mean: 100.5, p50: 100, p99: 198, max: 200 });
    expect(roundTrips([7])).toEqual({ min: 7, mean: 7, p50: 7, p99: 7, max: 7 });
  });

  it('is in order, whatever was measured', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { minLength: 1 }), (times) => {
        const { min = 0, p50 = 0, p99 = 0, max = 0 } = roundTrips(times) ?? {};
        expect([min, p50, p99, max]).toEqual([min, p50, p99, max].sort((a, b) => a - b));
        expect(times).toContain(p50);
        expect(times).toContain(p99);
      }),
    );
  });
});
