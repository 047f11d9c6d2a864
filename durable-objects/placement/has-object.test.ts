import { describe, expect, it } from 'vitest';
import { hasObject } from './has-object.ts';

/** A stats object that knows twin 7. */
const stats = (asked: (readonly number[])[] = []) => ({
  seen: async (twins: readonly number[]) => {
    asked.push(twins);
    return twins.map((twin) => (twin === 7 ? 1_800_000_000_000 : undefined));
  },
});

describe('hasObject', () => {
  it('asks nobody about a twin with a region', async () => {
    const asked: (readonly number[])[] = [];
    expect(await hasObject(8, 'apac', stats(asked))).toBe(true);
    expect(asked).toEqual([]);
  });

  it('believes the stats object about a twin without a region: it knows twins that connected under earlier code', async () => {
    expect([await hasObject(7, undefined, stats()), await hasObject(8, undefined, stats())]).toEqual([true, false]);
  });

  it('is true while the stats object is away', async () => {
    const seen = () => Promise.reject(new Error('away'));
    expect(await hasObject(8, undefined, { seen })).toBe(true);
  });
});
