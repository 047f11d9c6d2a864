import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LAST_SEQUENCE } from './frame.ts';
import { Unacknowledged } from './unacknowledged.ts';

const WINDOW = { messages: 4, bytes: 100 };
const item = (bytes: number) => ({ bytes: new Uint8Array(bytes) });

describe('Unacknowledged', () => {
  it('counts from 1, or from where it left off', () => {
    const [open, later] = [new Unacknowledged(WINDOW), new Unacknowledged(WINDOW, 7)];
    expect([open.add(item(1)), open.add(item(1)), later.add(item(1))]).toEqual([1, 2, 7]);
  });

  it('is full by envelopes or by bytes, and takes a single one of any size', () => {
    const open = new Unacknowledged(WINDOW);
    expect(open.fits(1000)).toBe(true);
    open.add(item(60));
    expect([open.fits(40), open.fits(41)]).toEqual([true, false]);
    for (let n = 0; n < 3; n += 1) open.add(item(1));
    expect([open.size, open.fits(0)]).toEqual([4, false]);
  });

  it('settles what a receipt names once, oldest first, and nothing that was not sent', () => {
    const open = new Unacknowledged({ messages: 100, bytes: 100 });
    const items = Array.from({ length: 5 }, () => item(1));
    for (const each of items) open.add(each);
    const settled = open.receive({ first: 2, last: LAST_SEQUENCE, outcome: 'stored' });
    expect(settled).toEqual(items.slice(1).map((each) => ({ item: each, outcome: 'stored' })));
    expect(open.receive({ first: 2, last: 3, outcome: 'delivered' })).toEqual([]);
    expect([open.size, open.bytes]).toEqual([1, 1]);
    expect(open.takeAll()).toEqual([items[0]]);
    expect([open.size, open.bytes]).toEqual([0, 0]);
  });

  it('gives up what came before a sequence, and keeps the rest', () => {
    const open = new Unacknowledged(WINDOW);
    const items = Array.from({ length: 3 }, () => item(2));
    for (const each of items) open.add(each);
    expect(open.takeBefore(3)).toEqual(items.slice(0, 2));
    expect([open.size, open.bytes, open.next]).toEqual([1, 2, 4]);
    expect(open.takeBefore(LAST_SEQUENCE + 1)).toEqual(items.slice(2));
  });

  it('has no sequence after the last one', () => {
    const open = new Unacknowledged(WINDOW, LAST_SEQUENCE);
    expect([open.next, open.add(item(1)), open.next]).toEqual([LAST_SEQUENCE, LAST_SEQUENCE, undefined]);
    expect(() => open.add(item(1))).toThrow(RangeError);
  });

  it('gives each envelope back once, whatever the receipts', () => {
    const step = fc.oneof(
      fc.constant('add' as const),
      fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 60 })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const open = new Unacknowledged<{ bytes: Uint8Array }>({ messages: 1000, bytes: 1000 });
        const added: object[] = [];
        const back: object[] = [];
        for (const each of steps) {
          if (each === 'add') {
            const made = item(1);
            added.push(made);
            expect(open.add(made)).toBe(added.length);
          } else {
            const [first, more] = each;
            back.push(
              ...open.receive({ first, last: first + more, outcome: 'delivered' }).map((settled) => settled.item),
            );
          }
          expect([open.size, open.bytes]).toEqual([added.length - back.length, added.length - back.length]);
        }
        back.push(...open.takeAll());
        expect(new Set(back)).toEqual(new Set(added));
        expect(back).toHaveLength(added.length);
      }),
    );
  });
});
