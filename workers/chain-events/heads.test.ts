import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeHeads } from './heads.ts';

const heads = (...numbers: number[]) => numbers.map((number, place) => ({ name: `n${place}`, number }));

describe('judgeHeads', () => {
  test.each([
    ['one alone is believed', [5], 1000, 'n0', []],
    ['the first of equals stays', [100, 101, 99], 100, 'n0', []],
    ['two: the one that moved', [100, 106], 106, 'n1', ['n0']],
    ['two: the one that is plausible', [9000, 100], 102, 'n1', ['n0']],
    ['two: after a long sleep the one that moved', [100, 700], 690, 'n1', ['n0']],
    ['three: the middle, whatever our clock says', [100, 9000, 9001], 100, 'n1', ['n0']],
    ['three: one that makes blocks up', [100, 101, 9000], 9000, 'n1', ['n2']],
  ])('%s', (_what, numbers, expected, best, left) => {
    const verdict = judgeHeads(heads(...numbers), expected);
    expect([verdict?.best, verdict?.left.map(({ name }) => name)]).toEqual([best, left]);
  });

  test('nobody to judge', () => {
    expect(judgeHeads([], 5)).toBeUndefined();
  });

  test('a minority never wins against nodes that agree, wherever it says the head is', () => {
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
