import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InFlight } from './in-flight.ts';

const WINDOW = { messages: 4, bytes: 100 };
const given = (name: string, bytes = 10) => ({ bytes: new Uint8Array(bytes), expiresAt: 0, name });
const receipt = (first: number, last = first) => [{ first, last, outcome: 'delivered' as const }];

describe('InFlight', () => {
  it('has room for a window, and for a single envelope of any size', () => {
    const open = new InFlight(WINDOW);
    expect(open.fits(1, 10_000)).toBe(true);
    open.give(given('a', 60), 0);
    expect([open.fits(1, 40), open.fits(1, 41), open.fits(3, 3), open.fits(4, 4)]).toEqual([true, false, true, false]);
    expect([open.room, open.size, open.bytes]).toEqual([3, 1, 60]);
  });

  it('says once what receipts settle, whatever outcome they name', () => {
    const open = new InFlight(WINDOW);
    const [a, b] = [given('a'), given('b')];
    expect([open.give(a, 0), open.give(b, 0)]).toEqual([1, 2]);
    expect(open.receive([{ first: 1, last: 9, outcome: 'unknown-twin' }], 0)).toEqual({
      envelopes: 2,
      given: [a, b],
      pages: [],
    });
    expect(open.receive(receipt(1, 9), 0)).toEqual({ envelopes: 0, given: [], pages: [] });
  });

  it('lets pages go from the first on, each with its last receipt', () => {
    const open = new InFlight<ReturnType<typeof given>, { page: number }>({ messages: 100, bytes: 1000 });
    const [one, two, three] = [{ page: 1 }, { page: 2 }, { page: 3 }];
    expect(open.givePage(one, [given('a'), given('b')], 0)).toEqual([1, 2]);
    open.givePage(two, [], 0);
    open.givePage(three, [given('c')], 0);
    expect(open.receive(receipt(3), 0).pages).toEqual([]);
    expect(open.receive(receipt(1), 0).pages).toEqual([]);
    expect(open.receive(receipt(2), 0)).toEqual({ envelopes: 1, given: [], pages: [one, two, three] });
  });

  it('keeps in flight what is stored later, and names it no more', () => {
    const open = new InFlight<ReturnType<typeof given>, { page: number }>({ messages: 100, bytes: 1000 });
    const [a, b, c] = [given('a'), given('b'), given('c')];
    for (const each of [a, b, c]) open.give(each, 0);
    expect(open.unstored()).toEqual([a, b, c]);
    open.stored(2, { page: 1 });
    expect([open.unstored(), open.size]).toEqual([[c], 3]);
    expect(open.receive(receipt(1, 3), 0)).toEqual({ envelopes: 3, given: [c], pages: [{ page: 1 }] });
  });

  it('ends with what only memory has, in order', () => {
    const open = new InFlight<ReturnType<typeof given>, { page: number }>({ messages: 100, bytes: 1000 });
    open.givePage({ page: 1 }, [given('stored')], 0);
    const [a, b] = [given('a'), given('b')];
    open.give(a, 0);
    open.give(b, 0);
    expect(open.end()).toEqual([a, b]);
    expect([open.size, open.bytes, open.end()]).toEqual([0, 0, []]);
  });

  it('is lost after 5 s without a sign of life, from when it was given something', () => {
    const open = new InFlight(WINDOW);
    open.heard(1_000);
    expect(open.look(90_000, 0)).toEqual({ kind: 'idle' });
    open.give(given('a'), 90_000);
    expect(open.look(90_000, 0)).toEqual({ kind: 'fine', until: 95_000 });
    expect(open.look(94_000, 92_000)).toEqual({ kind: 'fine', until: 97_000 });
    open.heard(96_000);
    expect(open.look(97_000, 92_000)).toEqual({ kind: 'fine', until: 101_000 });
    expect(open.look(101_000, 92_000)).toEqual({ kind: 'lost', why: 'silent' });
  });

  it('is lost after 60 s without a receipt, however often it is heard', () => {
    const open = new InFlight(WINDOW);
    open.give(given('a'), 0);
    open.give(given('b'), 30_000);
    open.receive(receipt(1), 40_000);
    expect(open.look(99_000, 98_000)).toEqual({ kind: 'fine', until: 100_000 });
    expect(open.look(100_000, 99_999)).toEqual({ kind: 'lost', why: 'stuck' });
  });

  it('gives back each envelope once: to a receipt, to the mailbox, or at its end', () => {
    const step = fc.oneof(
      fc.constant('give' as const),
      fc.constant('store' as const),
      fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 40 })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const open = new InFlight<ReturnType<typeof given>, { n: number }>({ messages: 1000, bytes: 1000 });
        const [back, pages]: [string[], { n: number }[]] = [[], []];
        let [names, made] = [0, 0];
        for (const [n, each] of steps.entries()) {
          if (each === 'give') {
            names += 1;
            open.give(given(`${names}`), 0);
          } else if (each === 'store') {
            const unstored = open.unstored();
            if (unstored.length === 0) continue;
            made += 1;
            open.stored(unstored.length, { n });
            back.push(...unstored.map(({ name }) => name));
          } else {
            const settled = open.receive(receipt(each[0], each[0] + each[1]), 0);
            back.push(...settled.given.map(({ name }) => name));
            pages.push(...settled.pages);
          }
        }
        pages.push(...open.receive(receipt(1, 2 ** 32 - 1), 0).pages);
        expect(new Set(back).size).toBe(back.length);
        expect(back.length + open.end().length).toBeLessThanOrEqual(names);
        expect(pages.map(({ n }) => n)).toEqual([...pages.map(({ n }) => n)].sort((x, y) => x - y));
        expect(pages).toHaveLength(made);
      }),
    );
  });
});
