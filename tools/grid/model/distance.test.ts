import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INPUTS, REGIONS } from '../inputs.ts';
import { regionsOf, wayMs } from './distance.ts';

describe('regions', () => {
  it('get all twins, by their shares', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5_000 }), (count) => {
        expect(regionsOf(count, INPUTS.fleet.nodeShare)).toHaveLength(count);
      }),
    );
    expect(regionsOf(100, INPUTS.fleet.nodeShare).filter((region) => region === 'Europe')).toHaveLength(50);
    expect(regionsOf(20, INPUTS.fleet.pollerShare).filter((region) => region === 'Europe')).toHaveLength(16);
  });

  it('have shares that make a whole', () => {
    for (const shares of [INPUTS.fleet.nodeShare, INPUTS.fleet.pollerShare]) {
      expect(shares.reduce<number>((sum, share) => sum + share, 0)).toBeCloseTo(1);
    }
  });

  it('are as far one way as the other', () => {
    for (const one of REGIONS) for (const other of REGIONS) expect(wayMs(one, other)).toBe(wayMs(other, one));
  });
});
