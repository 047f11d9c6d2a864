import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LAST_SEQUENCE } from '../../proto/custody/frame.ts';
import type { Outcome } from '../../proto/custody/outcome.ts';
import type { KeptEnvelope } from './envelope.ts';
import { type Ended, Kept, SILENT_MS } from './kept.ts';

const WINDOW = { messages: 4, bytes: 1_000 };
const [REQUEST, REPLY] = [0, 1];
const LIFE_MS = 60_000;

type Mine = KeptEnvelope<string, string>;

function rig(limits = { envelopes: 100, bytes: 10_000 }) {
  const kept = new Kept<string, string>(([kind]) => kind === REQUEST, limits);
  const add = (name: string, kind = REQUEST, deadline = LIFE_MS) => kept.add(Uint8Array.of(kind), deadline, name);
  /** Hands over waiting envelopes that fit, through one connection. */
  const pump = (way: string, now = 0) => {
    const sent: Mine[] = [];
    for (const envelope of kept.waiting()) {
      if (!kept.fits(way, envelope)) break;
      kept.hand(envelope, way, now);
      sent.push(envelope);
    }
    return sent.map(({ note }) => note);
  };
  const receipt = (way: string, first: number, last: number, outcome: Outcome, now = 0) =>
    kept.receive(way, [{ first, last, outcome }], now).map(({ envelope, ...end }) => ({ ...end, name: envelope.note }));
  return { kept, add, pump, receipt };
}

describe('Kept', () => {
  it('keeps an envelope until its receipt, and lets the next one into the window', () => {
    const { kept, add, pump, receipt } = rig();
    kept.open('a', WINDOW);
    for (const name of ['1', '2', '3', '4', '5']) add(name);
    expect(pump('a')).toEqual(['1', '2', '3', '4']);
    expect(receipt('a', 1, 2, 'delivered')).toEqual([
      { outcome: 'delivered', way: 'a', name: '1' },
      { outcome: 'delivered', way: 'a', name: '2' },
    ]);
    expect(pump('a')).toEqual(['5']);
    expect([kept.size, kept.bytes, kept.without('a')]).toEqual([3, 3, 3]);
  });

  it('sends what a lost connection leaves again, in the old order and before newer ones', () => {
    const { kept, add, pump } = rig();
    kept.open('a', WINDOW);
    for (const name of ['1', '2', '3']) add(name);
    pump('a');
    add('4');
    kept.lost('a');
    kept.open('b', WINDOW);
    expect([...kept.waiting()].map(({ again }) => again)).toEqual(['lost', 'lost', 'lost', undefined]);
    expect(pump('b')).toEqual(['1', '2', '3', '4']);
  });

  it('sends everything again after a new epoch, under new sequences of the same connection', () => {
    const { kept, add, pump, receipt } = rig();
    kept.open('a', WINDOW);
    add('1');
    add('2');
    pump('a');
    kept.restarted('a', LAST_SEQUENCE + 1);
    expect(pump('a')).toEqual(['1', '2']);
    expect(receipt('a', 1, 2, 'delivered')).toEqual([]);
    expect(receipt('a', 3, 4, 'stored').map(({ name }) => name)).toEqual(['1', '2']);
  });

  it('sends again only what the relay knows nothing of after it lost its memory', () => {
    const { kept, add, pump, receipt } = rig();
    kept.open('a', WINDOW);
    for (const name of ['1', '2', '3']) add(name);
    pump('a');
    kept.restarted('a', 3);
    expect(pump('a')).toEqual(['1', '2']);
    expect(receipt('a', 3, 3, 'delivered').map(({ name }) => name)).toEqual(['3']);
  });

  it('sends an envelope again after 5 s without its receipt, then after 10 s', () => {
    const { kept, add, pump } = rig();
    kept.open('a', WINDOW);
    add('1', REQUEST, 10 * LIFE_MS);
    pump('a', 0);
    expect(kept.nextAt()).toBe(SILENT_MS);
    kept.time(SILENT_MS - 1);
    expect([...kept.waiting()]).toEqual([]);
    kept.time(SILENT_MS);
    expect([...kept.waiting()]).toMatchObject([{ note: '1', again: 'silent' }]);
    expect(kept.without('a')).toBe(0);
    pump('a', SILENT_MS);
    expect(kept.nextAt()).toBe(3 * SILENT_MS);
  });

  it('ends a refused request, and tries a refused reply again while its refusal may pass', () => {
    const { kept, add, pump, receipt } = rig();
    kept.open('a', WINDOW);
    add('request');
    add('reply', REPLY);
    pump('a');
    expect(receipt('a', 1, 2, 'mailbox-full', 5)).toEqual([{ outcome: 'mailbox-full', way: 'a', name: 'request' }]);
    kept.time(1_004);
    expect(pump('a')).toEqual([]);
    kept.time(1_005);
    expect(pump('a')).toEqual(['reply']);
    expect(receipt('a', 3, 3, 'mailbox-full', 2_000)).toEqual([]);
    expect(kept.nextAt()).toBe(4_000);
    kept.time(4_000);
    pump('a');
    expect(receipt('a', 4, 4, 'unknown-twin')).toEqual([{ outcome: 'unknown-twin', way: 'a', name: 'reply' }]);
  });

  it('rests longer by a drawn part of the pause, so that clients do not come together', () => {
    const kept = new Kept<string, string>(
      () => false,
      undefined,
      () => 0.5,
    );
    kept.open('a', WINDOW);
    const envelope = kept.add(Uint8Array.of(REPLY), LIFE_MS, 'reply');
    kept.hand(envelope, 'a', 0);
    kept.receive('a', [{ first: 1, last: 1, outcome: 'overloaded' }], 0);
    expect(kept.nextAt()).toBe(1_250);
  });

  it('tries a request again whose fate nobody knows', () => {
    const { kept, add, pump, receipt } = rig();
    kept.open('a', WINDOW);
    add('request');
    pump('a');
    expect(receipt('a', 1, 1, 'undelivered')).toEqual([]);
    kept.time(1_000);
    expect(pump('a')).toEqual(['request']);
  });

  it('ends an envelope at its deadline, wherever it is', () => {
    const { kept, add, pump, receipt } = rig();
    kept.open('a', { messages: 2, bytes: 1_000 });
    for (const name of ['out', 'resting']) add(name);
    pump('a');
    receipt('a', 2, 2, 'undelivered');
    add('waiting');
    expect(kept.time(LIFE_MS).map(({ envelope, outcome }) => `${envelope.note} ${outcome}`)).toEqual([
      'out late',
      'resting late',
      'waiting late',
    ]);
    expect([kept.size, kept.bytes, kept.without('a'), kept.nextAt()]).toEqual([0, 0, 0, undefined]);
  });

  it('ends an envelope that a plain relay’s socket takes, and keeps one that it does not', () => {
    const { kept, add } = rig();
    const [taken, broken] = [add('taken'), add('broken')];
    kept.handPlain(taken);
    kept.handPlain(broken);
    // Its socket is busy with it: that is not late.
    expect(kept.time(LIFE_MS)).toEqual([]);
    kept.back(broken);
    expect(kept.end(taken, 'handed', 'plain')).toMatchObject({ outcome: 'handed', way: 'plain' });
    expect([...kept.waiting()]).toEqual([broken]);
  });

  it('has bounds, and takes a large envelope alone', () => {
    const { kept, add } = rig({ envelopes: 2, bytes: 10 });
    expect(kept.hasRoom(1_000)).toBe(true);
    add('1');
    expect([kept.hasRoom(9), kept.hasRoom(10)]).toEqual([true, false]);
    add('2');
    expect(kept.hasRoom(0)).toBe(false);
  });

  it('ends what never left when sending stops, and the rest at the end', () => {
    const { kept, add, pump } = rig();
    kept.open('a', { messages: 1, bytes: 10 });
    add('out');
    const broken = add('broken');
    add('fresh');
    pump('a');
    // A plain relay’s socket did not take it.
    kept.handPlain(broken);
    kept.back(broken);
    expect(kept.closeFresh().map(({ envelope }) => envelope.note)).toEqual(['broken', 'fresh']);
    expect(kept.closeAll().map(({ envelope, outcome }) => `${envelope.note} ${outcome}`)).toEqual(['out closed']);
  });
});

type Step =
  | { readonly kind: 'add'; readonly isRequest: boolean; readonly life: number }
  | { readonly kind: 'pump' | 'lose' | 'restart'; readonly way: number }
  | {
      readonly kind: 'receipt';
      readonly way: number;
      readonly first: number;
      readonly count: number;
      readonly outcome: Outcome;
    }
  | { readonly kind: 'time'; readonly ms: number };

const way = fc.nat(1);
const outcome = fc.constantFrom<Outcome>('delivered', 'stored', 'handed', 'undelivered', 'mailbox-full', 'offline');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('add' as const), isRequest: fc.boolean(), life: fc.nat(90_000) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('pump' as const), way }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('lose' as const, 'restart' as const), way }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('receipt' as const),
      way,
      first: fc.integer({ min: 1, max: 30 }),
      count: fc.nat(10),
      outcome,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat(15_000) }) },
);

describe('any sequence of losses, receipts, epochs and time', () => {
  it('ends each envelope exactly once, and never overfills a window', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const kept = new Kept<string, number>(([kind]) => kind === REQUEST);
        const ways = ['a', 'b'];
        for (const each of ways) kept.open(each, WINDOW);
        const ends = new Map<number, number>();
        const note = (ended: readonly Ended<string, number>[]) => {
          for (const { envelope } of ended) ends.set(envelope.note, (ends.get(envelope.note) ?? 0) + 1);
        };
        let [now, added] = [0, 0];
        for (const each of steps) {
          if (each.kind === 'add') {
            kept.add(Uint8Array.of(each.isRequest ? REQUEST : REPLY), now + each.life, added);
            added += 1;
          } else if (each.kind === 'time') {
            now += each.ms;
            note(kept.time(now));
          } else {
            const name = ways[each.way] ?? '';
            if (each.kind === 'restart') kept.restarted(name, LAST_SEQUENCE + 1);
            else if (each.kind === 'receipt') {
              note(kept.receive(name, [{ ...each, last: each.first + each.count }], now));
            } else if (each.kind === 'lose') {
              kept.lost(name);
              kept.open(name, WINDOW);
            } else {
              for (const envelope of kept.waiting()) {
                if (!kept.fits(name, envelope)) break;
                kept.hand(envelope, name, now);
              }
            }
          }
          for (const name of ways) expect(kept.without(name)).toBeLessThanOrEqual(WINDOW.messages);
          expect(kept.size + ends.size).toBe(added);
        }
        note(kept.time(now + LIFE_MS + 90_000));
        expect([kept.size, kept.bytes, [...kept.waiting()].length]).toEqual([0, 0, 0]);
        expect([...ends.values()].every((times) => times === 1)).toBe(true);
      }),
    );
  });

  it('keeps the order of envelopes on a connection that is never lost', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 60 }), (rounds) => {
        const kept = new Kept<string, number>(() => true);
        kept.open('a', WINDOW);
        const sent: number[] = [];
        let [added, settled] = [0, 0];
        for (const [more, receipts] of rounds) {
          for (let n = 0; n < more; n += 1) {
            kept.add(Uint8Array.of(REQUEST), LIFE_MS, added);
            added += 1;
          }
          for (const envelope of kept.waiting()) {
            if (!kept.fits('a', envelope)) break;
            kept.hand(envelope, 'a', 0);
            sent.push(envelope.note);
          }
          kept.receive('a', [{ first: settled + 1, last: settled + receipts, outcome: 'delivered' }], 0);
          settled = Math.min(settled + receipts, sent.length);
        }
        expect(sent).toEqual(sent.map((_, n) => n));
      }),
    );
  });
});
