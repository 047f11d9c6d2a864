import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../../../proto/envelope/envelope.ts';
import type { RoutedEnvelope } from '../../send/routed-envelope.ts';
import { decodeQueueRecord, encodeQueueRecords, RECORD_BYTES } from './queue-record.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const words = fc.string({ unit: 'grapheme', maxLength: 20 });
const address = fc.oneof(fc.record({ twin: u32 }), fc.record({ twin: u32, connection: words }));
const request = words.map((uid) => encodeEnvelope({ uid, timestamp: 0n, expiration: 0n, relays: [] }));
const envelope: fc.Arbitrary<RoutedEnvelope> = fc.record({
  from: fc.record({ twin: u32, sid: fc.option(words, { nil: undefined }), host: words }),
  to: address,
  isRequest: fc.boolean(),
  failFast: fc.boolean(),
  expiresAt: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  bytes: fc.oneof(request, fc.uint8Array({ maxLength: 200 })),
});
const anyEnvelope = fc.oneof(
  envelope,
  envelope.map((each): RoutedEnvelope => ({ ...each, isMail: true })),
);
const sized = (length: number): RoutedEnvelope => ({
  from: { twin: 1, sid: undefined, host: 'relay.example' },
  to: { twin: 2 },
  isRequest: true,
  failFast: false,
  expiresAt: 1,
  bytes: new Uint8Array(length),
});

describe('a record of the federation queue', () => {
  it('decodes to the encoded envelopes, in order', () => {
    fc.assert(
      fc.property(fc.array(anyEnvelope, { maxLength: 300 }), (envelopes) => {
        const records = encodeQueueRecords(envelopes);
        expect(records.flatMap(({ bytes }) => decodeQueueRecord(bytes))).toEqual(envelopes);
        expect(records.flatMap((record) => record.envelopes)).toEqual(envelopes);
      }),
      { numRuns: 50 },
    );
  });

  it('decodes from the middle of a larger buffer', () => {
    const [record] = encodeQueueRecords([sized(3)]);
    const bytes = record?.bytes ?? new Uint8Array(0);
    const around = new Uint8Array([9, 9, 9, ...bytes]);
    expect(decodeQueueRecord(around.subarray(3))).toEqual([sized(3)]);
  });

  it('holds at most 1 MiB and 256 envelopes, or one large envelope alone', () => {
    const large = encodeQueueRecords([sized(10), sized(15 * RECORD_BYTES), sized(10), sized(RECORD_BYTES - 500)]);
    expect(large.map(({ envelopes }) => envelopes.length)).toEqual([1, 1, 2]);
    expect(large[2]?.bytes.length).toBeLessThanOrEqual(RECORD_BYTES);
    expect(
      encodeQueueRecords(Array.from({ length: 600 }, () => sized(1))).map(({ envelopes }) => envelopes.length),
    ).toEqual([256, 256, 88]);
  });

  it('is refused if it is cut or has another version', () => {
    const [record] = encodeQueueRecords([sized(3)]);
    const bytes = record?.bytes ?? new Uint8Array(0);
    for (let length = 2; length < bytes.length; length += 1) {
      expect(() => decodeQueueRecord(bytes.subarray(0, length))).toThrow('ends too early');
    }
    expect(() => decodeQueueRecord(Uint8Array.of(2))).toThrow('version 2');
  });

  it('holds the uid of each envelope, for relays of older code', () => {
    const bytes = encodeEnvelope({ uid: 'its-uid', timestamp: 0n, expiration: 0n, relays: [] });
    const [record] = encodeQueueRecords([{ ...sized(0), bytes }]);
    expect([...(record?.bytes ?? [])].slice(18, 29)).toEqual([0, 0, 0, 7, ...new TextEncoder().encode('its-uid')]);
  });
});
