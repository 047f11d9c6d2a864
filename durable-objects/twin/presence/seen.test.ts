import { expect, it } from 'vitest';
import { seenAt } from './seen.ts';

it('asks each stats object once, and tells the times in the order of the twins', async () => {
  const asked: (readonly number[])[] = [];
  const seen = async (twins: readonly number[]) => {
    asked.push(twins);
    return twins.map((twin) => (twin === 3 ? undefined : twin * 1000));
  };
  expect(await seenAt([1, 18, 17, 3], () => ({ seen }))).toEqual([1000, 18_000, 17_000, undefined]);
  expect(asked).toEqual([[1, 17], [18], [3]]);
});
