import { describe, expect, it } from 'vitest';
import { Lanes } from './lanes.ts';

describe('Lanes', () => {
  it('keeps order within a lane, whatever each takes and though one fails', async () => {
    const lanes = new Lanes<string>();
    const ended: number[] = [];
    const turns = (n: number) => async () => {
      for (let turn = 0; turn < 10 - n * 3; turn += 1) await Promise.resolve();
      ended.push(n);
      if (n === 1) throw new Error('failed');
    };
    const all = await Promise.allSettled([0, 1, 2, 3].map((n) => lanes.run('a', turns(n))));
    expect(ended).toEqual([0, 1, 2, 3]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('does not let one lane hold up another', async () => {
    const lanes = new Lanes<string>();
    const gate = Promise.withResolvers<void>();
    const slow = lanes.run('a', () => gate.promise);
    expect(await lanes.run('b', async () => 'done')).toBe('done');
    gate.resolve();
    await slow;
  });
});
