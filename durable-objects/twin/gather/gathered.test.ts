import { expect, it } from 'vitest';
import type { Batch } from '../../contract.ts';
import { takeAll } from './gathered.ts';

const batch = (n: number): Batch => ({ packed: Uint8Array.of(n), large: [] });

it('takes batches in their order, and a batch that fails fails alone', async () => {
  const taken: (number | undefined)[] = [];
  const answers = await takeAll([1, 2, 3].map(batch), async ({ packed: [n] }) => {
    taken.push(n);
    if (n === 2) throw new Error('database or disk is full');
    return n === 1 ? 'sent' : ['stored', 'full'];
  });
  expect(taken).toEqual([1, 2, 3]);
  expect(answers).toEqual(['sent', { failed: 'database or disk is full' }, ['stored', 'full']]);
});
