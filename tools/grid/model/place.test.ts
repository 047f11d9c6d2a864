import { describe, expect, it } from 'vitest';
import { Random } from '../../simulate/world/random.ts';
import { Place } from './place.ts';

const LIMITS = { ceiling: 500, queueMs: 10_000 };

describe('an object', () => {
  it.each([0.3, 0.6, 0.8])('lets requests wait as an M/D/1 queue does, at a load of %s', (load) => {
    const place = new Place('Europe', LIMITS);
    const random = new Random(7);
    const serviceMs = 1000 / LIMITS.ceiling;
    let now = 0;
    let waited = 0;
    const requests = 400_000;
    for (let n = 0; n < requests; n += 1) {
      now -= (Math.log(1 - random.next()) * serviceMs) / load;
      waited += (place.call(now) ?? 0) - now - serviceMs;
    }
    const expected = (load * serviceMs) / (2 * (1 - load)); // Pollaczek and Khinchine
    expect(Math.abs(waited / requests / expected - 1)).toBeLessThan(0.05);
  });

  it('rejects a call that would wait too long, and lets a frame wait', () => {
    const place = new Place('Europe', { ceiling: 10, queueMs: 1_000 });
    const handled = Array.from({ length: 20 }, () => place.call(0));
    expect(handled.filter((at) => at !== undefined)).toHaveLength(11);
    expect(place.rejected).toBe(9);
    expect(place.frame(0)).toBeCloseTo(1_200);
    expect(place).toMatchObject({ offered: 21, peak: 21 });
    expect(place.longestWaitMs).toBeCloseTo(1_100);
  });

  it('handles again once it has caught up', () => {
    const place = new Place('Europe', { ceiling: 10, queueMs: 0 });
    expect(place.call(0)).toBe(100);
    expect(place.call(0)).toBeUndefined();
    expect(place.call(100)).toBe(200);
  });

  it('is billed once for times that overlap', () => {
    const place = new Place('Europe', LIMITS);
    place.awake(0, 10);
    place.awake(5, 12);
    place.awake(6, 11);
    place.awake(20, 21);
    expect(place.awakeMs).toBe(13);
  });
});
