import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkQueue } from './work-queue.ts';

/** A queue whose work ends when the test says so. */
function rig(parallel: number, limits = { items: 100, bytes: 1000 }) {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const queue = new WorkQueue<string, string>(parallel, limits, (item) => {
    begun.push(item);
    return new Promise((resolve) => ends.push(resolve));
  });
  const finish = async () => {
    ends.shift()?.();
    // The next item begins in the promises that follow.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, begun, ends, finish };
}

describe('a work queue', () => {
  it('lets owners take turns, each in its order', async () => {
    const { queue, begun, ends, finish } = rig(1);
    for (const item of ['a1', 'a2', 'a3', 'b1', 'b2']) queue.offer(item[0] ?? '', item, 1);
    while (ends.length > 0) await finish();
    expect(begun).toEqual(['a1', 'a2', 'b1', 'a3', 'b2']);
  });

  it('gives one owner half of its room, and no more than all to all', async () => {
    const { queue, finish } = rig(1, { items: 4, bytes: 100 });
    const offer = (owner: string, bytes = 1) => queue.offer(owner, 'item', bytes);
    expect([1, 2, 3, 4].map(() => offer('a'))).toEqual([true, true, true, false]);
    expect([offer('b', 51), offer('b', 50), offer('c'), offer('d')]).toEqual([false, true, true, false]);
    await finish();
    expect(offer('d')).toBe(true);
  });

  it('has half of its work under way for one owner, and at least one item', async () => {
    const { queue, begun, finish } = rig(4);
    for (const item of ['a1', 'a2', 'a3', 'b1', 'b2']) queue.offer(item[0] ?? '', item, 1);
    expect(begun).toEqual(['a1', 'a2', 'b1', 'b2']);
    await finish();
    expect(begun).toEqual(['a1', 'a2', 'b1', 'b2', 'a3']);
    const single = rig(1);
    single.queue.offer('a', 'a1', 1);
    expect(single.begun).toEqual(['a1']);
  });

  it('begins everything it took, once, and never more at once than it may', async () => {
    const offers = fc.array(fc.record({ owner: fc.constantFrom('a', 'b', 'c'), ends: fc.boolean() }), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), offers, async (parallel, steps) => {
        const { queue, begun, ends, finish } = rig(parallel, { items: 10, bytes: 1000 });
        const taken: string[] = [];
        for (const [n, { owner, ends: isEnd }] of steps.entries()) {
          if (queue.offer(owner, `${n}`, 10)) taken.push(`${n}`);
          expect(ends.length).toBeLessThanOrEqual(parallel);
          if (isEnd) await finish();
        }
        while (ends.length > 0) await finish();
        expect([...begun].sort()).toEqual([...taken].sort());
      }),
    );
  });
});
