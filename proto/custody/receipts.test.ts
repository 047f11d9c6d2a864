import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitingReceipts } from './receipts.ts';

const outcome = fc.constantFrom('delivered' as const, 'stored' as const, 'offline' as const);

/** Each sequence of runs, with its outcome. */
const flat = (runs: readonly { first: number; last: number; outcome: string }[]) =>
  runs.flatMap(({ first, last, outcome: name }) =>
    Array.from({ length: last - first + 1 }, (_, n) => `${first + n} ${name}`),
  );

describe('WaitingReceipts', () => {
  it('makes one receipt of sequences that follow one another with one outcome', () => {
    const waiting = new WaitingReceipts();
    for (let sequence = 1; sequence <= 100; sequence += 1) waiting.add(sequence, 'delivered');
    waiting.add(101, 'stored');
    waiting.add(103, 'stored');
    expect(waiting.sequences).toBe(102);
    expect(waiting.take(10)).toEqual([
      { first: 1, last: 100, outcome: 'delivered' },
      { first: 101, last: 101, outcome: 'stored' },
      { first: 103, last: 103, outcome: 'stored' },
    ]);
    expect(waiting.take(10)).toEqual([]);
  });

  it('gives each sequence once, in order, however it is taken', () => {
    const step = fc.oneof(
      fc.record({ first: fc.integer({ min: 1, max: 60 }), length: fc.integer({ min: 1, max: 5 }), outcome }),
      fc.record({ most: fc.integer({ min: 0, max: 5 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const waiting = new WaitingReceipts();
        const [added, taken]: [string[], string[]] = [[], []];
        for (const each of steps) {
          if ('most' in each) {
            const runs = waiting.take(each.most);
            expect(runs.length).toBeLessThanOrEqual(each.most);
            taken.push(...flat(runs));
          } else {
            const run = { first: each.first, last: each.first + each.length - 1, outcome: each.outcome };
            waiting.addRun(run);
            added.push(...flat([run]));
          }
          expect(waiting.sequences).toBe(added.length - taken.length);
        }
        expect([...taken, ...flat(waiting.take(Number.POSITIVE_INFINITY))]).toEqual(added);
      }),
    );
  });
});
