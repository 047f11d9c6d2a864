import { describe, expect, it } from 'vitest';
import type { BatchEnvelope, Verdict } from '../../contract.ts';
import { custodyOf, decodeBatch, encodeBatch, type Riding, receiverOf } from '../receive/batch.ts';
import { owned, packReceipts, unpackReceipts } from './packed.ts';

const plain: BatchEnvelope = { bytes: new Uint8Array(3), ifAway: 'return', expiresAt: 5 };
const origin = { twin: 7, connection: 0xffff_fffe, sequence: 0xffff_ffff };
const RECEIPTS = [{ connection: 4, first: 1, last: 9, outcome: 'delivered' as const }];

describe('bytes in flight', () => {
  it('keep no much larger buffer in memory', () => {
    const batch = new Uint8Array(1000).fill(7);
    const [small, most] = [batch.subarray(10, 40), batch.subarray(0, 900)];
    expect([owned(small), owned(small).buffer.byteLength]).toEqual([small, 30]);
    expect(owned(most).buffer).toBe(batch.buffer);
  });
});

describe('a batch between two objects', () => {
  it('says nothing of custody for plain envelopes', () => {
    expect(Object.keys(encodeBatch([plain, plain]))).toEqual(['packed', 'large']);
  });

  it('names the origins of its envelopes, and is read without them as well', () => {
    const batch = encodeBatch([plain, { ...plain, origin }]);
    expect(decodeBatch(batch, custodyOf(batch)).map((each) => each.origin)).toEqual([undefined, origin]);
    expect(decodeBatch(batch).map((each) => each.origin)).toEqual([undefined, undefined]);
  });

  it('says that another relay waits', () => {
    const batch = encodeBatch([{ ...plain, isUrgent: true }]);
    expect(decodeBatch(batch, custodyOf(batch))).toMatchObject([{ isUrgent: true }]);
  });

  it('has receipts that are not read if they have another format', () => {
    const packed = packReceipts(RECEIPTS);
    expect(unpackReceipts(packed)).toEqual(RECEIPTS);
    packed[0] = 2;
    expect(unpackReceipts(packed)).toEqual([]);
    expect(unpackReceipts(new Uint8Array(0))).toEqual([]);
  });

  it('carries receipts there and back', async () => {
    const came: Uint8Array[] = [];
    let waiting: Uint8Array | undefined = packReceipts(RECEIPTS);
    const riding: Riding = {
      from: 8,
      take: () => {
        const taken = waiting;
        waiting = undefined;
        return taken;
      },
      came: (receipts) => void came.push(receipts),
      stayed: () => undefined,
    };
    const seen: unknown[] = [];
    const answers = [
      { verdicts: 'held' as Verdict, receipts: packReceipts(RECEIPTS) },
      'sent' as const,
      ['sent' as const],
    ];
    const receiver = receiverOf(
      {
        deliver: async (batch) => {
          const custody = custodyOf(batch);
          seen.push(custody && { from: custody.from, receipts: unpackReceipts(custody.receipts) });
          return answers[seen.length - 1] ?? 'sent';
        },
      },
      riding,
    );
    expect(await receiver.deliver([plain, plain])).toEqual(['held', 'held']);
    // An answer without receipts, with or without an origin.
    expect(await receiver.deliver([{ ...plain, origin: { ...origin, twin: 8 } }])).toEqual(['sent']);
    expect(await receiver.deliver([plain])).toEqual(['sent']);
    expect(seen).toMatchObject([{ from: 8, receipts: RECEIPTS }, { from: 8, receipts: [] }, undefined]);
    expect(came.map(unpackReceipts)).toEqual([RECEIPTS]);
  });

  it('gives receipts back only if their call never ran', async () => {
    const failures = [
      Object.assign(new Error('no reason'), { overloaded: true }),
      Object.assign(new Error('Network connection lost.'), { retryable: true }),
    ];
    const stayed: Uint8Array[] = [];
    const riding: Riding = {
      from: 8,
      take: () => packReceipts(RECEIPTS),
      came: () => undefined,
      stayed: (receipts) => void stayed.push(receipts),
    };
    for (const failure of failures) {
      const receiver = receiverOf({ deliver: () => Promise.reject(failure) }, riding);
      await expect(receiver.deliver([plain])).rejects.toBe(failure);
    }
    expect(stayed.map(unpackReceipts)).toEqual([RECEIPTS]);
  });
});
