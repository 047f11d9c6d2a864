import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outstanding } from './outstanding.ts';

describe('the count of requests that are alive', () => {
  it('has room for so many of one twin and of all, until their time is over', () => {
    let now = 0;
    const outstanding = new Outstanding({ all: 3, each: 2 }, () => now);
    outstanding.add(7, 100);
    outstanding.add(7, 100);
    expect([7, 8].map((source) => outstanding.hasRoom(source))).toEqual([false, true]);
    outstanding.add(8, 100);
    expect([7, 8, 9].map((source) => outstanding.hasRoom(source))).toEqual([false, false, false]);
    now = 100;
    expect(outstanding.hasRoom(7)).toBe(false);
    now = 256;
    expect([7, 8, 9].map((source) => outstanding.hasRoom(source))).toEqual([true, true, true]);
  });

  it('never counts fewer than are alive, and forgets all in the end', () => {
    const adds = fc.array(fc.record({ after: fc.nat(300), life: fc.integer({ min: 1, max: 1000 }) }), {
      maxLength: 50,
    });
    fc.assert(
      fc.property(adds, (steps) => {
        let now = 0;
        const outstanding = new Outstanding({ all: 5, each: 5 }, () => now);
        const ends: number[] = [];
        for (const { after, life } of steps) {
          now += after;
          if (outstanding.hasRoom(1)) {
            outstanding.add(1, life);
            ends.push(now + life);
          }
          expect(ends.filter((end) => end > now).length).toBeLessThanOrEqual(5);
        }
        now += 1200;
        expect(outstanding.hasRoom(1)).toBe(true);
      }),
    );
  });
});
