import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeFrame,
  encodeFrame,
  MOST_ENVELOPES,
  MOST_FRAME_BYTES,
  MOST_RECEIPTS,
} from '../../../proto/custody/frame.ts';
import { Outgoing } from './outgoing.ts';

describe('Outgoing', () => {
  it('packs everything into one frame, with the receipts', () => {
    const outgoing = new Outgoing(9);
    expect([outgoing.isEmpty, outgoing.take(0)]).toEqual([true, []]);
    outgoing.envelope(4, Uint8Array.of(1), false);
    outgoing.receipt({ first: 1, last: 2, outcome: 'delivered' });
    outgoing.envelope(5, Uint8Array.of(2), true);
    const receipts = [{ first: 1, last: 2, outcome: 'delivered' }];
    const envelopes = [Uint8Array.of(1), Uint8Array.of(2)];
    expect(outgoing.take(3)).toEqual([{ epoch: 9, since: 3, isUrgent: true, receipts, first: 4, envelopes }]);
    expect([outgoing.isEmpty, outgoing.take(0)]).toEqual([true, []]);
  });

  it('sends receipts alone when nothing carries them, and as many frames as they need', () => {
    const outgoing = new Outgoing(9);
    for (let n = 0; n <= MOST_RECEIPTS; n += 1)
      outgoing.receipt({ first: 2 * n + 1, last: 2 * n + 1, outcome: 'stored' });
    expect(outgoing.take(0).map(({ receipts, first }) => [receipts.length, first])).toEqual([
      [MOST_RECEIPTS, 0],
      [1, 0],
    ]);
  });

  it('makes frames that every decoder takes, with each envelope once and in order', () => {
    const bytes = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(MOST_FRAME_BYTES, MOST_FRAME_BYTES / 2));
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 300 }), fc.array(fc.nat(100), { maxLength: 300 }), (sizes, receipts) => {
        const outgoing = new Outgoing(9);
        for (const [n, size] of sizes.entries()) outgoing.envelope(n + 1, new Uint8Array(size), false);
        for (const first of receipts) outgoing.receipt({ first: first + 1, last: first + 1, outcome: 'delivered' });
        let [next, told] = [1, 0];
        for (const frame of outgoing.take(0)) {
          const decoded = decodeFrame(encodeFrame(frame));
          if (!decoded.ok) throw new Error(decoded.error);
          expect(frame.envelopes.length).toBeLessThanOrEqual(MOST_ENVELOPES);
          if (frame.envelopes.length > 0) expect(frame.first).toBe(next);
          next += frame.envelopes.length;
          for (const { first, last } of frame.receipts) told += last - first + 1;
        }
        expect([next - 1, told]).toEqual([sizes.length, receipts.length]);
      }),
      { numRuns: 60 },
    );
  });
});
