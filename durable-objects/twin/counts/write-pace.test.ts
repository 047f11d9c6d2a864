import { describe, expect, it } from 'vitest';
import { WritePace } from './write-pace.ts';

describe('WritePace', () => {
  it('orders one write for all that comes until it is made', () => {
    const pace = new WritePace();
    expect([pace.note(), pace.note()]).toEqual([true, false]);
    pace.written(1000);
    expect(pace.note()).toBe(true);
  });

  it('writes at once after a silence, and keeps a slow stream awake for a moment only', () => {
    const pace = new WritePace();
    pace.note();
    expect(pace.wait(1000)).toBe(0);
    pace.written(1000);
    pace.note();
    expect(pace.wait(1050)).toBe(0);
    pace.written(1050);
    pace.note();
    expect(pace.wait(1055)).toBe(10);
  });

  it('takes bursts for load that follow one another, and not one that comes alone', () => {
    const pace = new WritePace();
    const burst = (now: number) => {
      pace.note();
      const wait = pace.wait(now);
      for (let n = 1; n < 32; n += 1) pace.note();
      pace.written(now + wait);
      return wait;
    };
    expect([1000, 1015, 1130, 2000].map(burst)).toEqual([0, 100, 100, 0]);
  });

  it('writes seldom while much comes, and soon again when less does', () => {
    const pace = new WritePace();
    pace.written(1000);
    const waits = [20, 20, 1, 1].map((events) => {
      pace.note();
      const wait = pace.wait(1001);
      for (let n = 1; n < events; n += 1) pace.note();
      pace.written(1000);
      return wait;
    });
    expect(waits).toEqual([10, 100, 100, 10]);
  });
});
