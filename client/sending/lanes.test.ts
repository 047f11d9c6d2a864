import { describe, expect, it } from 'vitest';
import { Lanes, type Turn } from './lanes.ts';

const ticks = async (count: number) => {
  for (let tick = 0; tick < count; tick += 1) await Promise.resolve();
};

describe('Lanes', () => {
  it('lets work act in order within a lane, whatever its preparation takes and though one fails', async () => {
    const lanes = new Lanes<string>();
    const [prepared, acted]: [number[], number[]] = [[], []];
    const work = (n: number) => async (turn: Turn) => {
      await ticks(10 - n * 3);
      prepared.push(n);
      await turn();
      acted.push(n);
      if (n === 1) throw new Error('failed');
    };
    const all = await Promise.allSettled([0, 1, 2, 3].map((n) => lanes.run('a', work(n))));
    expect(prepared).toEqual([3, 2, 1, 0]);
    expect(acted).toEqual([0, 1, 2, 3]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('waits for no act to end', async () => {
    const lanes = new Lanes<string>();
    const gate = Promise.withResolvers<void>();
    const slow = lanes.run('a', async (turn) => {
      await turn();
      await gate.promise;
    });
    await lanes.run('a', async (turn) => turn());
    gate.resolve();
    await slow;
  });

  it('keeps the order behind work that ends without having acted', async () => {
    const lanes = new Lanes<string>();
    const gate = Promise.withResolvers<void>();
    const acted: string[] = [];
    const act = (name: string, after: Promise<void>) =>
      lanes.run('a', async (turn) => {
        await after;
        await turn();
        acted.push(name);
      });
    const first = act('first', gate.promise);
    await lanes.run('a', async () => undefined);
    const last = act('last', Promise.resolve());
    await ticks(20);
    expect(acted).toEqual([]);
    gate.resolve();
    await Promise.all([first, last]);
    expect(acted).toEqual(['first', 'last']);
  });

  it('does not let one lane hold up another', async () => {
    const lanes = new Lanes<string>();
    const gate = Promise.withResolvers<void>();
    const slow = lanes.run('a', async (turn) => {
      await gate.promise;
      await turn();
    });
    expect(
      await lanes.run('b', async (turn) => {
        await turn();
        return 'done';
      }),
    ).toBe('done');
    gate.resolve();
    await slow;
  });
});
