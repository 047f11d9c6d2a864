import { describe, expect, it } from 'vitest';
import { BatchTakers } from './batch-takers.ts';

const MINUTE = 60_000;

describe('BatchTakers', () => {
  it('knows for ten minutes that a relay takes batches', () => {
    const takers = new BatchTakers();
    expect(takers.most('a', 0)).toBe(1);
    takers.answered('a', true, 0);
    expect([takers.most('a', 10 * MINUTE - 1), takers.most('a', 10 * MINUTE), takers.most('b', 0)]).toEqual([
      128, 1, 1,
    ]);
    takers.took('a', 9 * MINUTE);
    expect(takers.most('a', 12 * MINUTE)).toBe(128);
  });

  it('forgets a relay whose next answer does not say so', () => {
    const takers = new BatchTakers();
    takers.answered('a', true, 0);
    takers.answered('a', false, 1);
    expect(takers.most('a', 1)).toBe(1);
  });

  it('makes smaller batches for a relay that fails with them, until it takes one', () => {
    const takers = new BatchTakers();
    takers.answered('a', true, 0);
    const sizes = Array.from({ length: 9 }, () => {
      takers.failed('a', 0);
      return takers.most('a', 0);
    });
    expect(sizes).toEqual([64, 32, 16, 8, 4, 2, 1, 1, 1]);
    takers.answered('a', true, 1);
    expect(takers.most('a', 1)).toBe(1);
    takers.answered('a', true, 11 * MINUTE);
    takers.failed('a', 11 * MINUTE);
    takers.took('a', 11 * MINUTE);
    takers.took('a', 11 * MINUTE);
    expect(takers.most('a', 11 * MINUTE)).toBe(128);
  });

  it('sends no batch for ten minutes to a relay that refused one, whatever it says meanwhile', () => {
    const takers = new BatchTakers();
    takers.answered('a', true, 0);
    takers.refused('a', 0);
    takers.answered('a', true, 1);
    expect(takers.most('a', 1)).toBe(1);
    takers.answered('a', true, 10 * MINUTE);
    expect(takers.most('a', 10 * MINUTE)).toBe(128);
  });

  it('remembers 10,000 hosts at most', () => {
    const takers = new BatchTakers();
    for (let n = 0; n <= 10_000; n += 1) takers.answered(`host${n}`, true, 0);
    expect([takers.most('host0', 0), takers.most('host1', 0), takers.most('host10000', 0)]).toEqual([1, 128, 128]);
  });
});
