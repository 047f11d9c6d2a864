import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vectors from '../../test/vectors/batch.json' with { type: 'json' };
import { decodeEnvelope } from '../envelope/envelope.ts';
import {
  type BatchedEnvelope,
  batchedBytes,
  decodeRelayBatch,
  encodeRelayBatch,
  fitsBatch,
  MOST_BATCH_BYTES,
  MOST_BATCH_ENVELOPES,
} from './relay-batch.ts';

const envelope = fc.record({ bytes: fc.uint8Array({ maxLength: 80 }), mayStore: fc.boolean() });
const batch = fc.array(envelope, { minLength: 1, maxLength: MOST_BATCH_ENVELOPES });
const plain = (envelopes: readonly BatchedEnvelope[]) =>
  envelopes.map(({ bytes, mayStore }) => ({ bytes: bytesToHex(bytes), mayStore }));

function decoded(bytes: Uint8Array): readonly BatchedEnvelope[] {
  const result = decodeRelayBatch(bytes);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe('a batch between relays', () => {
  it.each(vectors.valid)('of the vectors is decoded and encoded: $name', ({ bytes, envelopes }) => {
    const read = decoded(hexToBytes(bytes));
    expect(plain(read)).toEqual(envelopes);
    expect(bytesToHex(encodeRelayBatch(read))).toBe(bytes);
  });

  it.each(vectors.invalid)('of the vectors is refused: $name', ({ bytes, error }) => {
    expect(decodeRelayBatch(hexToBytes(bytes))).toEqual({ ok: false, error });
  });

  it('is decoded as it was encoded, by views on it', () => {
    fc.assert(
      fc.property(batch, (made) => {
        const bytes = encodeRelayBatch(made);
        const read = decoded(bytes);
        expect(plain(read)).toEqual(plain(made));
        expect(read.every((each) => each.bytes.buffer === bytes.buffer)).toBe(true);
      }),
    );
  });

  it('is refused by a relay that expects an envelope', () => {
    fc.assert(
      fc.property(batch, (made) => {
        expect(decodeEnvelope(encodeRelayBatch(made)).ok).toBe(false);
      }),
    );
  });

  it('is refused when it is cut anywhere', () => {
    fc.assert(
      fc.property(batch, fc.nat(), (made, at) => {
        const bytes = encodeRelayBatch(made);
        expect(decodeRelayBatch(bytes.subarray(0, at % bytes.length)).ok).toBe(false);
      }),
    );
  });

  it('is decoded or refused whatever its bytes are, and never throws', () => {
    const near = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.uint8Array({ maxLength: 200 })).map(([count, rest]) => {
      return Uint8Array.from([0, 1, 0, count, ...rest]);
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), near), (bytes) => {
        const result = decodeRelayBatch(bytes);
        if (result.ok) expect(bytesToHex(encodeRelayBatch(result.value))).toBe(bytesToHex(bytes));
      }),
    );
  });

  it('has at most 65,536 bytes and 128 envelopes', () => {
    const head = batchedBytes(new Uint8Array(0));
    const largest = new Uint8Array(MOST_BATCH_BYTES - 4 - head);
    const mayStore = true;
    expect(decoded(encodeRelayBatch([{ bytes: largest, mayStore }]))).toHaveLength(1);
    expect(() => encodeRelayBatch([{ bytes: new Uint8Array(largest.length + 1), mayStore }])).toThrow('too much');
    const empty = { bytes: new Uint8Array(0), mayStore };
    expect(() => encodeRelayBatch(Array(MOST_BATCH_ENVELOPES + 1).fill(empty))).toThrow('too much');
    expect(() => encodeRelayBatch([])).toThrow('no envelope');
    expect(decodeRelayBatch(new Uint8Array(MOST_BATCH_BYTES + 1))).toMatchObject({ ok: false });
  });

  it('has room for an envelope as long as it could be encoded with it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3_000 }), { maxLength: 150 }), (lengths) => {
        let [taken, bytes]: [BatchedEnvelope[], number] = [[], 0];
        for (const length of lengths) {
          const next = { bytes: new Uint8Array(length), mayStore: true };
          const fits = fitsBatch(taken.length, bytes, batchedBytes(next.bytes));
          const encodes = () => encodeRelayBatch([...taken, next]);
          if (fits) expect(encodes().length).toBeLessThanOrEqual(MOST_BATCH_BYTES);
          else expect(encodes).toThrow('too much');
          if (fits) [taken, bytes] = [[...taken, next], bytes + batchedBytes(next.bytes)];
        }
      }),
      { numRuns: 30 },
    );
  });
});
