import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMailboxRecord, encodeMailboxRecord, storedSize } from './mailbox-record.ts';

const envelopes = fc.array(
  fc.record({ expiresAt: fc.integer({ min: 0, max: 2 ** 32 - 1 }), bytes: fc.uint8Array({ maxLength: 300 }) }),
  { maxLength: 20 },
);

describe('a mailbox record', () => {
  it('decodes to its envelopes in order, and has the size of all', () => {
    fc.assert(
      fc.property(envelopes, (each) => {
        const record = encodeMailboxRecord(each);
        expect(decodeMailboxRecord(record)).toEqual(each);
        expect(record.length).toBe(each.reduce((sum, { bytes }) => sum + storedSize(bytes), 0));
      }),
    );
  });

  it('may be joined with another', () => {
    fc.assert(
      fc.property(envelopes, envelopes, (a, b) => {
        expect(decodeMailboxRecord(new Uint8Array([...encodeMailboxRecord(a), ...encodeMailboxRecord(b)]))).toEqual([
          ...a,
          ...b,
        ]);
      }),
    );
  });

  it('is refused if it is cut within an envelope', () => {
    const record = encodeMailboxRecord([{ expiresAt: 1, bytes: new Uint8Array(5) }]);
    for (let length = 1; length < record.length; length += 1) {
      expect(() => decodeMailboxRecord(record.subarray(0, length))).toThrow(RangeError);
    }
  });
});
