import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChainStep } from '../contract.ts';
import type { HeadSeen } from './catch-up.ts';
import { decide, expectedHead, isDoubtful, isImplausible, isStalled, LOOK_BACK, waitAfter } from './catch-up.ts';

const at = { number: 1000, hash: '0xaa' };
const blocks = (head: number): ChainStep => ({
  kind: 'blocks',
  genesis: '0x00',
  head,
  through: { number: head, hash: '0xbb' },
  changes: [],
});
const failed = (astray?: 'chain' | 'behind'): ChainStep => ({ kind: 'failed', reason: 'down', astray });

describe('decide', () => {
  test.each([
    ['the first start', undefined, blocks(5), 0, { do: 'begin', why: 'first start' }],
    ['nothing new', at, blocks(1000), 0, { do: 'advance' }],
    ['a node a little late', at, blocks(995), 0, { do: 'advance' }],
    ['the next block', at, blocks(1001), 0, { do: 'advance' }],
    ['as many missed blocks as the threshold', at, blocks(1600), 0, { do: 'advance' }],
    ['one missed block more', at, blocks(1601), 0, { do: 'begin', why: '601 blocks were missed' }],
    ['a fork', at, { kind: 'forked' }, 0, { do: 'step-back', to: { number: 990 } }],
    ['a fork near the beginning', { number: 4 }, { kind: 'forked' }, 0, { do: 'step-back', to: { number: 0 } }],
    ['a chain that is down at first', undefined, failed(), 99, { do: 'wait', reason: 'down' }],
    ['a chain that is down', at, failed(), 0, { do: 'wait', reason: 'down' }],
    ['a chain that is down for the fifth time', at, failed(), 4, { do: 'begin-if-alive', why: 'down', certain: false }],
    ['another chain', at, failed('chain'), 0, { do: 'begin-if-alive', why: 'down', certain: true }],
    ['a head far behind', at, failed('behind'), 0, { do: 'wait', reason: 'down' }],
    [
      'a head far behind for the second time',
      at,
      failed('behind'),
      1,
      { do: 'begin-if-alive', why: 'down', certain: true },
    ],
  ] as const)('%s', (_what, place, step, failures, decision) => {
    expect(decide(place, step, 600, failures)).toEqual(decision);
  });

  test('skips blocks only if more were missed than the threshold', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(1e9), fc.integer({ min: 1, max: 10_000 }), (number, head, threshold) => {
        expect(decide({ number }, blocks(head), threshold, 0).do === 'begin').toBe(head - number > threshold);
      }),
    );
  });

  test('steps back, but not below the first block', () => {
    fc.assert(
      fc.property(fc.nat(1e9), (number) => {
        const decision = decide({ number, hash: '0x' }, { kind: 'forked' }, 600, 0);
        const to = decision.do === 'step-back' ? decision.to : undefined;
        expect(to).toEqual({ number: Math.max(number - LOOK_BACK, 0) });
      }),
    );
  });
});

test('unreadable events start a new generation once in a hundred blocks at most', () => {
  let last: number | undefined;
  const generations: number[] = [];
  for (let number = 500; number < 1000; number += 7) {
    if (!isDoubtful(number, last)) continue;
    generations.push(number);
    last = number;
  }
  expect(generations).toEqual([500, 605, 710, 815, 920]);
  // Another chain, or an earlier block of this one.
  expect(isDoubtful(10, 500)).toBe(true);
});

describe('the head', () => {
  const seen: HeadSeen = { number: 100, grewAt: 50_000, comparedAt: 0 };
  test.each([
    [50_000, 100],
    [55_999, 100],
    [110_000, 110],
    [0, 100],
  ])('is expected at %i to be %i', (now, head) => {
    expect(expectedHead(seen, now, 6000)).toBe(head);
  });

  test.each([
    ['has just grown', seen, 50_000, false],
    ['did not grow for 20 s', seen, 70_000, false],
    ['did not grow for longer', seen, 70_001, true],
    ['did not grow, but nodes were compared a moment ago', { ...seen, comparedAt: 60_000 }, 71_000, false],
  ])('%s', (_what, head, now, stalled) => {
    expect(isStalled(head, now)).toBe(stalled);
  });

  test('is accepted up to twenty blocks beyond the expected one', () => {
    expect([isImplausible(120, 100), isImplausible(121, 100)]).toEqual([false, true]);
  });
});

test('attempts are further apart after each failure, up to half a minute', () => {
  expect([1, 2, 3, 4, 5, 1000].map((failures) => waitAfter(failures, 6000))).toEqual([
    6000, 12_000, 24_000, 30_000, 30_000, 30_000,
  ]);
});
