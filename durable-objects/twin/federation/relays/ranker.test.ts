import { describe, expect, it } from 'vitest';
import { Ranker } from './ranker.ts';

describe('Ranker', () => {
  it('puts the relay with the fewest recent failures first', () => {
    const ranker = new Ranker(60);
    ranker.failed('a', 1000);
    ranker.failed('a', 2000);
    ranker.failed('b', 2000);
    expect(ranker.order(['a', 'b', 'c'], 3000)).toEqual(['c', 'b', 'a']);
  });

  it('forgets failures after its period', () => {
    const ranker = new Ranker(60);
    ranker.failed('a', 0);
    ranker.failed('a', 0);
    ranker.failed('b', 50_000);
    expect(ranker.order(['a', 'b'], 59_999)).toEqual(['b', 'a']);
    expect(ranker.order(['b', 'a'], 60_000)).toEqual(['a', 'b']);
  });

  it('shuffles relays with as many failures', () => {
    const lots = [0.9, 0.1, 0.5];
    expect(new Ranker(60).order(['a', 'b', 'c'], 0, () => lots.shift() ?? 0)).toEqual(['b', 'c', 'a']);
  });

  it('remembers a bounded number of relays', () => {
    const ranker = new Ranker(60);
    for (let n = 0; n <= 10_000; n += 1) ranker.failed(`relay${n}`, 1);
    expect(ranker.order(['relay1', 'relay0'], 2)).toEqual(['relay0', 'relay1']);
  });
});
