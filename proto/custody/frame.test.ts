import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vectors from '../../test/vectors/custody.json' with { type: 'json' };
import {
  type CustodyFrame,
  decodeFrame,
  encodeFrame,
  isCustodyFrame,
  LAST_SEQUENCE,
  MOST_ENVELOPES,
  MOST_FRAME_BYTES,
  MOST_RECEIPTS,
  packedBytes,
} from './frame.ts';
import { isAccepted, isPassing, outcomeOf } from './outcome.ts';

const sequence = fc.integer({ min: 1, max: LAST_SEQUENCE });
const receipt = fc
  .tuple(sequence, sequence, fc.integer({ min: 0, max: 255 }))
  .map(([a, b, code]) => ({ first: Math.min(a, b), last: Math.max(a, b), outcome: outcomeOf(code) }));
const frame: fc.Arbitrary<CustodyFrame> = fc
  .record({
    epoch: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    since: fc.integer({ min: 0, max: LAST_SEQUENCE }),
    isUrgent: fc.boolean(),
    receipts: fc.array(receipt, { maxLength: 20 }),
    first: fc.integer({ min: 1, max: LAST_SEQUENCE - MOST_ENVELOPES }),
    envelopes: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
  })
  .map((made) => (made.envelopes.length === 0 ? { ...made, first: 0 } : made));

const DATA: CustodyFrame = { epoch: 1, since: 0, isUrgent: false, receipts: [], first: 1, envelopes: [] };

describe('a custody frame', () => {
  it.each(vectors.valid)('of the vectors is decoded and encoded: $name', ({ name, bytes, frame: expected }) => {
    const decoded = decodeFrame(hexToBytes(bytes));
    if (!decoded.ok) throw new Error(decoded.error);
    expect({ ...decoded.value, envelopes: decoded.value.envelopes.map(bytesToHex) }).toEqual(expected);
    // A receipt of a later version is not written again as it was.
    if (!name.includes('later version')) expect(bytesToHex(encodeFrame(decoded.value))).toBe(bytes);
  });

  it.each(vectors.invalid)('of the vectors is refused: $name', ({ bytes, error }) => {
    expect(decodeFrame(hexToBytes(bytes))).toEqual({ ok: false, error });
  });

  it('is decoded as it was encoded, and starts like no envelope', () => {
    fc.assert(
      fc.property(frame, (made) => {
        const bytes = encodeFrame(made);
        const decoded = decodeFrame(bytes);
        if (!decoded.ok) throw new Error(decoded.error);
        expect({ ...decoded.value, envelopes: decoded.value.envelopes.map((each) => Uint8Array.from(each)) }).toEqual(
          made,
        );
        expect(isCustodyFrame(bytes)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused when anything is cut off or follows', () => {
    fc.assert(
      fc.property(frame, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 20 }), (made, at, more) => {
        const bytes = encodeFrame(made);
        expect(decodeFrame(bytes.subarray(0, at % bytes.length)).ok).toBe(false);
        expect(decodeFrame(Uint8Array.of(...bytes, ...more)).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('that is tampered with never throws, and takes all of its bytes or none', () => {
    fc.assert(
      fc.property(
        frame,
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
        (made, changes) => {
          const bytes = encodeFrame(made);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const decoded = decodeFrame(bytes);
          if (!decoded.ok) return;
          const { receipts, envelopes, first } = decoded.value;
          const data = envelopes.length === 0 ? 0 : 6 + envelopes.reduce((sum, each) => sum + packedBytes(each), 0);
          expect(12 + receipts.length * 9 + data).toBe(bytes.length);
          expect(first + envelopes.length - 1).toBeLessThanOrEqual(LAST_SEQUENCE);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('of any bytes never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeFrame(bytes)),
      { numRuns: 2000 },
    );
  });

  it('has views on its bytes, and copies nothing', () => {
    const bytes = encodeFrame({ ...DATA, envelopes: [new Uint8Array(5), new Uint8Array(7)] });
    const decoded = decodeFrame(bytes);
    expect(decoded.ok && decoded.value.envelopes.every((each) => each.buffer === bytes.buffer)).toBe(true);
  });

  it('has more than 1 MiB only with a single envelope', () => {
    const alone = encodeFrame({ ...DATA, envelopes: [new Uint8Array(MOST_FRAME_BYTES + 1)] });
    expect(decodeFrame(alone).ok).toBe(true);
    const two = encodeFrame({ ...DATA, envelopes: [new Uint8Array(MOST_FRAME_BYTES), new Uint8Array(0)] });
    expect(decodeFrame(two)).toMatchObject({ error: expect.stringMatching(/has more than one envelope/) });
  });

  it('with more than a frame may have is not encoded', () => {
    const envelopes = Array.from({ length: MOST_ENVELOPES + 1 }, () => new Uint8Array(0));
    expect(() => encodeFrame({ ...DATA, envelopes })).toThrow(RangeError);
    const receipts = Array.from({ length: MOST_RECEIPTS + 1 }, () => ({
      first: 1,
      last: 1,
      outcome: 'stored' as const,
    }));
    expect(() => encodeFrame({ ...DATA, receipts })).toThrow(RangeError);
  });
});

describe('an outcome', () => {
  const outcomes = Object.entries(vectors.outcomes);

  it('has its code for ever, and no other has it', () => {
    for (const [name, code] of outcomes) expect(outcomeOf(code)).toBe(name);
    expect(new Set(outcomes.map(([, code]) => code)).size).toBe(outcomes.length);
  });

  it('is a refusal if its code is of a later version', () => {
    const known = new Set(outcomes.map(([, code]) => code));
    for (let code = 0; code < 256; code += 1) if (!known.has(code)) expect(outcomeOf(code)).toBe('rejected-other');
  });

  it('passes custody on, may pass, or is final', () => {
    const names = outcomes.map(([, code]) => outcomeOf(code));
    expect(names.filter(isAccepted)).toEqual(['delivered', 'handed', 'stored', 'queued']);
    expect(names.filter(isPassing)).toEqual([
      'rate-limited',
      'lookup-failed',
      'mailbox-full',
      'mailbox-share',
      'outbox-full',
      'undelivered',
      'relay-version',
      'overloaded',
    ]);
  });
});
