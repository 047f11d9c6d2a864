import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Parcel, Verdict } from '../contract.ts';
import { packParcels, packVerdicts, receiverOf, unpackParcels } from './parcels.ts';

const parcel = fc.record({
  sid: fc.option(fc.string({ unit: 'grapheme', maxLength: 40 }), { nil: undefined }),
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.integer({ min: 16_000, max: 17_000 }).map((length) => new Uint8Array(length).fill(length)),
  ),
  ifAway: fc.constantFrom('store' as const, 'return' as const),
  expiresAt: fc.maxSafeNat(),
  digest: fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{43}$/), { nil: undefined }),
});

const comparable = (each: Parcel) => ({ ...each, bytes: Buffer.from(each.bytes).toString('latin1') });

describe('packParcels', () => {
  it('is undone by unpackParcels: every field, in order; no sid is not the sid ""', () => {
    fc.assert(
      fc.property(fc.array(parcel, { maxLength: 10 }), (parcels) => {
        expect(unpackParcels(packParcels(parcels)).map(comparable)).toEqual(parcels.map(comparable));
      }),
    );
  });

  it('is known as broken when bytes are missing', () => {
    fc.assert(
      fc.property(fc.array(parcel, { minLength: 1, maxLength: 10 }), fc.nat(), (parcels, n) => {
        const batch = packParcels(parcels);
        const cut = { ...batch, packed: batch.packed.subarray(0, n % batch.packed.length) };
        const read = () => unpackParcels(cut);
        // A cut between two parcels leaves a batch with fewer.
        try {
          expect(read().length).toBeLessThan(parcels.length);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

describe('receiverOf', () => {
  it('answers with a verdict for each parcel, also where the object said one word for all', async () => {
    const verdicts = fc.array(fc.constantFrom<Verdict>('sent', 'stored', 'offline'), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(verdicts, async (expected) => {
        const receiver = receiverOf({ deliver: async () => packVerdicts(expected) });
        const parcels = expected.map(() => ({ bytes: new Uint8Array(1), ifAway: 'store' as const, expiresAt: 1 }));
        expect(await receiver.deliver(parcels)).toEqual(expected);
      }),
    );
    expect(packVerdicts(['sent', 'sent'])).toBe('sent');
  });
});
