import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeHeads } from './heads.ts';

const heads = (...numbers: number[]) => numbers.map((number, place) => ({ name: `n${place}`, number }));

describe('judgeHeads', () => {
  test.each([
    ['prefers a single node', [5], 1000, 'n0', []],
    ['prefers the first of equal nodes', [100, 101, 99], 100, 'n0', []],
    ['prefers the one of two that grew', [100, 106], 106, 'n1', ['n0']],
    ['prefers the plausible one of two', [9000, 100], 102, 'n1', ['n0']],
    ['prefers the one of two that grew during a long sleep', [100, 700], 690, 'n1', ['n0']],
    ['prefers the middle of three, whatever is expected', [100, 9000, 9001], 100, 'n1', ['n0']],
    ['leaves the one of three that makes blocks up', [100, 101, 9000], 9000, 'n1', ['n2']],
  ])('%s', (_what, numbers, expected, best, left) => {
    const verdict = judgeHeads(heads(...numbers), expected);
    expect([verdict?.best, verdict?.left.map(({ name }) => name)]).toEqual([best, left]);
  });

  test('returns no verdict without heads', () => {
    expect(judgeHeads([], 5)).toBeUndefined();
  });

  test('never lets a minority win against nodes that agree', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.array(fc.nat(1e6), { maxLength: 3 }), fc.nat(1e6), (honest, liars, expected) => {
        const all = heads(...liars, honest, honest, honest, honest);
        const best = judgeHeads(all, expected)?.best;
        const number = all.find(({ name }) => name === best)?.number ?? 0;
        expect(Math.abs(number - honest)).toBeLessThanOrEqual(3);
      }),
    );
  });
});
