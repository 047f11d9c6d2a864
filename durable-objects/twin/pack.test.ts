import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pack, packedSize, unpack } from './pack.ts';

const letters = fc.array(
  fc.record({ expiresAt: fc.integer({ min: 0, max: 2 ** 32 - 1 }), bytes: fc.uint8Array({ maxLength: 300 }) }),
  { maxLength: 20 },
);

describe('a pack', () => {
  it('gives back its letters in order, and is as long as they say', () => {
    fc.assert(
      fc.property(letters, (each) => {
        const packed = pack(each);
        expect(unpack(packed)).toEqual(each);
        expect(packed.length).toBe(each.reduce((sum, { bytes }) => sum + packedSize(bytes), 0));
      }),
    );
  });

  it('may be lengthened by another', () => {
    fc.assert(
      fc.property(letters, letters, (a, b) => {
        expect(unpack(new Uint8Array([...pack(a), ...pack(b)]))).toEqual([...a, ...b]);
      }),
    );
  });

  it('is refused when it was cut anywhere but between two letters', () => {
    const packed = pack([{ expiresAt: 1, bytes: new Uint8Array(5) }]);
    for (let length = 1; length < packed.length; length += 1) {
      expect(() => unpack(packed.subarray(0, length))).toThrow(RangeError);
    }
  });
});
