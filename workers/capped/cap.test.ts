import { beforeEach, describe, expect, it } from 'vitest';
import { capOf, givenTo, setRate } from './cap.ts';

beforeEach(() => setRate(100));

/** Calls an object so often. Returns how many of the calls it took. */
function take(name: string, times: number, now: number): number {
  let taken = 0;
  for (let n = 0; n < times; n += 1) {
    try {
      capOf(name).call(now);
      taken += 1;
    } catch (error) {
      expect(String(error)).toContain('Durable Object is overloaded');
    }
  }
  return taken;
}

describe('the cap of an object', () => {
  it('takes a quarter of a second at once, then its rate, each object its own', () => {
    expect([take('7', 50, 1_000), take('7', 50, 1_100), take('8', 50, 1_100)]).toEqual([25, 10, 25]);
    expect(givenTo('7')).toEqual({ '7': { calls: 100, rejected: 65, frames: 0, longestWait: 0 } });
  });

  it('lets frames wait for their turn, and rejects calls meanwhile', () => {
    const cap = capOf('9');
    const waits = Array.from({ length: 27 }, () => cap.frame(1_000));
    expect(waits.slice(24)).toEqual([0, 10, 20]);
    expect([take('9', 1, 1_020), take('9', 1, 1_030)]).toEqual([0, 1]);
  });

  it('limits only the object of a name', () => {
    setRate(0, '7');
    expect([take('7', 2, 1_000), take('7/1', 2, 1_000), take('8', 2, 1_000)]).toEqual([0, 2, 2]);
  });
});
