import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame, LAST_SEQUENCE, MOST_FRAME_BYTES } from '../../proto/custody/frame.ts';
import type { Receipt } from '../../proto/custody/receipts.ts';
import { Link } from './link.ts';
import { HELD_BACK_MS } from './receipts-due.ts';

const EPOCH = 7;
const WINDOW = { messages: 8, bytes: 1_000 };

const open = (window = WINDOW) => new Link({ epoch: EPOCH, window });
function decoded(frame: Uint8Array) {
  const result = decodeFrame(frame);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}
/** A relay’s frame with envelopes of one byte. */
const data = (
  first: number,
  count: number,
  { epoch = EPOCH, since = 0, isUrgent = false, receipts = [] as Receipt[] } = {},
) =>
  encodeFrame({
    epoch,
    since,
    isUrgent,
    receipts,
    first,
    envelopes: Array.from({ length: count }, (_, n) => Uint8Array.of(n)),
  });
/** Takes a frame, and gives receipts for all of it. */
function take(link: Link, frame: Uint8Array, now: number) {
  const heard = link.hear(frame);
  if (!heard.ok) throw new Error(heard.error);
  for (const each of heard.value.arrived) link.taken(each, now);
  return heard.value;
}
const frames = (link: Link, now: number, isLast = false) => link.frames(now, isLast).map(decoded);

describe('Link', () => {
  it('packs waiting envelopes, with the receipts that wait', () => {
    const link = open();
    take(link, data(1, 2), 0);
    expect(link.isDue(0)).toBe(false);
    link.write(1, Uint8Array.of(10));
    link.write(2, Uint8Array.of(11));
    expect(frames(link, 0)).toEqual([
      {
        epoch: EPOCH,
        since: 0,
        isUrgent: false,
        receipts: [{ first: 1, last: 2, outcome: 'delivered' }],
        first: 1,
        envelopes: [Uint8Array.of(10), Uint8Array.of(11)],
      },
    ]);
    expect(frames(link, HELD_BACK_MS)).toEqual([]);
  });

  it('never packs more than a frame may have, and sends a larger envelope alone', () => {
    const link = open();
    const sizes = [MOST_FRAME_BYTES / 2, MOST_FRAME_BYTES / 2, 2 * MOST_FRAME_BYTES, ...Array<number>(200).fill(1)];
    for (const [n, size] of sizes.entries()) link.write(n + 1, new Uint8Array(size));
    const sent = frames(link, 0);
    expect(sent.map(({ first, envelopes }) => [first, envelopes.length])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 128],
      [132, 72],
    ]);
  });

  it('gives receipts alone after a second, urgent: no traffic will carry them', () => {
    const link = open();
    take(link, data(1, 1), 100);
    expect([link.nextAt(), link.isDue(100 + HELD_BACK_MS - 1)]).toEqual([100 + HELD_BACK_MS, false]);
    expect(frames(link, 100 + HELD_BACK_MS)).toMatchObject([
      { isUrgent: true, receipts: [{ first: 1, last: 1, outcome: 'delivered' }], envelopes: [] },
    ]);
    expect(link.nextAt()).toBeUndefined();
  });

  it('gives receipts at half a window at once, not urgent', () => {
    const byMessages = open();
    take(byMessages, data(1, 4), 0);
    expect(frames(byMessages, 0)).toMatchObject([{ isUrgent: false, receipts: [{ first: 1, last: 4 }] }]);
    const byBytes = open({ messages: 100, bytes: 4 });
    take(byBytes, data(1, 2), 0);
    expect(frames(byBytes, 0)).toMatchObject([{ isUrgent: false, receipts: [{ first: 1, last: 2 }] }]);
  });

  it('gives receipts that the relay wants at once', () => {
    const link = open();
    take(link, data(1, 1), 0);
    take(link, data(2, 1, { isUrgent: true }), 0);
    expect(frames(link, 0)).toMatchObject([{ isUrgent: true, receipts: [{ first: 1, last: 2 }] }]);
  });

  it('gives all receipts at its end', () => {
    const link = open();
    take(link, data(1, 1), 0);
    expect(frames(link, 0, true)).toMatchObject([{ isUrgent: true, receipts: [{ first: 1, last: 1 }] }]);
    expect(frames(link, 0, true)).toEqual([]);
  });

  it('tells of a new epoch, and forgets the receipts of the old one', () => {
    const link = open();
    const heard = link.hear(data(1, 2));
    if (!heard.ok) throw new Error(heard.error);
    const [first, second] = heard.value.arrived;
    if (first === undefined || second === undefined) throw new Error('no envelopes');
    link.taken(first, 0);
    const receipts: Receipt[] = [{ first: 1, last: 1, outcome: 'stored' }];
    expect(link.hear(data(1, 1, { epoch: 8, since: 6, receipts }))).toMatchObject({
      ok: true,
      value: { lostBefore: 6, receipts, arrived: [{ sequence: 1, epoch: 8 }] },
    });
    link.taken(second, 0);
    expect(frames(link, 10 * HELD_BACK_MS)).toEqual([]);
    link.write(1, Uint8Array.of(1));
    expect(frames(link, 0)).toMatchObject([{ epoch: 8, receipts: [] }]);
  });

  it('takes everything as lost of which a new epoch knows nothing', () => {
    const link = open();
    expect(link.hear(data(1, 1))).toMatchObject({ value: { lostBefore: undefined } });
    expect(link.hear(data(1, 1, { epoch: 8 }))).toMatchObject({ value: { lostBefore: LAST_SEQUENCE + 1 } });
    expect(link.hear(data(2, 1, { epoch: 8, since: 4 }))).toMatchObject({ value: { lostBefore: undefined } });
  });

  it('says what is wrong with a frame', () => {
    expect(open().hear(Uint8Array.of(1, 0))).toEqual({ ok: false, error: 'the frame is cut' });
  });

  it('gives each receipt once, whatever comes and goes', () => {
    const event = fc.oneof(fc.constant('frame'), fc.constant('write'), fc.constant('flush'), fc.constant('wait'));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100 }), (events) => {
        const link = open();
        const given: number[] = [];
        let [arrived, written, now] = [0, 0, 0];
        const flush = (isLast: boolean) => {
          for (const { receipts } of frames(link, now, isLast)) {
            for (const { first, last } of receipts) for (let n = first; n <= last; n += 1) given.push(n);
          }
        };
        for (const each of events) {
          if (each === 'frame') {
            take(link, data(arrived + 1, 3), now);
            arrived += 3;
          } else if (each === 'write') {
            written += 1;
            link.write(written, Uint8Array.of(1));
          } else if (each === 'wait') now += HELD_BACK_MS / 2;
          else flush(false);
        }
        flush(true);
        expect(given).toEqual(Array.from({ length: arrived }, (_, n) => n + 1));
      }),
    );
  });
});
