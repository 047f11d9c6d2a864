import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchEnvelope, Verdict } from '../../contract.ts';
import { decodeBatch, encodeBatch, foldVerdicts, isReadable, receiverOf } from './batch.ts';

const envelope = fc.record({
  sid: fc.option(fc.string({ unit: 'grapheme', maxLength: 40 }), { nil: undefined }),
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.integer({ min: 16_000, max: 17_000 }).map((length) => new Uint8Array(length).fill(length)),
  ),
  ifAway: fc.constantFrom('store' as const, 'return' as const),
  expiresAt: fc.maxSafeNat(),
  digest: fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{43}$/), { nil: undefined }),
});

const comparable = (each: BatchEnvelope) => ({ ...each, bytes: Buffer.from(each.bytes).toString('latin1') });

describe('encodeBatch', () => {
  it('is decoded with every field, in order, and tells no sid from the sid ""', () => {
    fc.assert(
      fc.property(fc.array(envelope, { maxLength: 10 }), (envelopes) => {
        expect(decodeBatch(encodeBatch(envelopes)).map(comparable)).toEqual(envelopes.map(comparable));
      }),
    );
  });

  it('is refused by decodeBatch if bytes are missing', () => {
    fc.assert(
      fc.property(fc.array(envelope, { minLength: 1, maxLength: 10 }), fc.nat(), (envelopes, n) => {
        const batch = encodeBatch(envelopes);
        const cut = { ...batch, packed: batch.packed.subarray(0, n % batch.packed.length) };
        const read = () => decodeBatch(cut);
        // A cut between two envelopes leaves a batch with fewer.
        try {
          expect(read().length).toBeLessThan(envelopes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

describe('a batch of another format', () => {
  it('is not readable, and is not decoded', () => {
    const batch = encodeBatch([{ bytes: new Uint8Array(3), ifAway: 'store', expiresAt: 1 }]);
    expect(isReadable(batch)).toBe(true);
    batch.packed[0] = 2;
    expect(isReadable(batch)).toBe(false);
    expect(() => decodeBatch(batch)).toThrow('batch: unknown format 2');
    expect(isReadable({ packed: new Uint8Array(0), large: [] })).toBe(false);
  });
});

describe('receiverOf', () => {
  it('resolves with a verdict for each envelope, also if the object returned one for all', async () => {
    const verdicts = fc.array(fc.constantFrom<Verdict>('sent', 'stored', 'offline'), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(verdicts, async (expected) => {
        const receiver = receiverOf({ deliver: async () => foldVerdicts(expected) });
        const envelopes = expected.map(() => ({ bytes: new Uint8Array(1), ifAway: 'store' as const, expiresAt: 1 }));
        expect(await receiver.deliver(envelopes)).toEqual(expected);
      }),
    );
    expect(foldVerdicts(['sent', 'sent'])).toBe('sent');
  });
});
