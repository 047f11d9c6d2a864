import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUNDLE_BYTES, type FederatedMessage, packBundles, unpackBundle } from './bundle.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const words = fc.string({ unit: 'grapheme', maxLength: 20 });
const address = fc.oneof(fc.record({ twin: u32 }), fc.record({ twin: u32, connection: words }));
const message: fc.Arbitrary<FederatedMessage> = fc.record({
  from: address,
  host: words,
  to: address,
  uid: words,
  isRequest: fc.boolean(),
  failFast: fc.boolean(),
  expiresAt: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  bytes: fc.uint8Array({ maxLength: 200 }),
});
const sized = (length: number): FederatedMessage => ({
  from: { twin: 1 },
  host: 'relay.example',
  to: { twin: 2 },
  uid: 'u',
  isRequest: true,
  failFast: false,
  expiresAt: 1,
  bytes: new Uint8Array(length),
});

describe('a bundle', () => {
  it('gives back what was put in, in order', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 300 }), (messages) => {
        const bundles = packBundles(messages);
        expect(bundles.flatMap(({ bytes }) => unpackBundle(bytes))).toEqual(messages);
        expect(bundles.flatMap((bundle) => bundle.messages)).toEqual(messages);
      }),
      { numRuns: 50 },
    );
  });

  it('is read from the middle of a larger buffer', () => {
    const [bundle] = packBundles([sized(3)]);
    const bytes = bundle?.bytes ?? new Uint8Array(0);
    const around = new Uint8Array([9, 9, 9, ...bytes]);
    expect(unpackBundle(around.subarray(3))).toEqual([sized(3)]);
  });

  it('holds at most 1 MiB and 256 messages, but one large envelope alone', () => {
    const large = packBundles([sized(10), sized(15 * BUNDLE_BYTES), sized(10), sized(BUNDLE_BYTES - 500)]);
    expect(large.map(({ messages }) => messages.length)).toEqual([1, 1, 2]);
    expect(large[2]?.bytes.length).toBeLessThanOrEqual(BUNDLE_BYTES);
    expect(packBundles(Array.from({ length: 600 }, () => sized(1))).map(({ messages }) => messages.length)).toEqual([
      256, 256, 88,
    ]);
  });

  it('that is cut, or of another version, is refused', () => {
    const [bundle] = packBundles([sized(3)]);
    const bytes = bundle?.bytes ?? new Uint8Array(0);
    for (let length = 2; length < bytes.length; length += 1) {
      expect(() => unpackBundle(bytes.subarray(0, length))).toThrow('ends too early');
    }
    expect(() => unpackBundle(Uint8Array.of(2))).toThrow('version 2');
  });
});
