import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vectors from '../../test/vectors/batch.json' with { type: 'json' };
import { BATCH_OUTCOMES, decodeBatchAnswers, encodeBatchAnswers, MOST_ANSWERS_BYTES } from './batch-answers.ts';
import { MOST_BATCH_ENVELOPES } from './relay-batch.ts';

const answer = fc.oneof(
  fc.record({ status: fc.integer({ min: 100, max: 599 }) }),
  fc.record({ status: fc.integer({ min: 100, max: 599 }), outcome: fc.constantFrom(...BATCH_OUTCOMES) }),
);
const answers = fc.array(answer, { minLength: 1, maxLength: MOST_BATCH_ENVELOPES });

describe('the answers to a batch', () => {
  it.each(vectors.answers)('of the vectors are decoded and encoded: $name', ({ name, bytes, answers: expected }) => {
    const read = decodeBatchAnswers(hexToBytes(bytes), expected.length);
    if (!read.ok) throw new Error(read.error);
    expect(read.value).toEqual(expected);
    // An outcome of a later version is not written again as it was.
    if (!name.includes('later version')) expect(bytesToHex(encodeBatchAnswers(read.value))).toBe(bytes);
  });

  it.each(vectors.invalidAnswers)('of the vectors are refused: $name', ({ bytes, count, error }) => {
    expect(decodeBatchAnswers(hexToBytes(bytes), count)).toEqual({ ok: false, error });
  });

  it('are decoded as they were encoded, for this number of envelopes alone', () => {
    fc.assert(
      fc.property(answers, fc.integer({ min: 1, max: 200 }), (made, count) => {
        const bytes = encodeBatchAnswers(made);
        expect(bytes.length).toBeLessThanOrEqual(MOST_ANSWERS_BYTES);
        expect(decodeBatchAnswers(bytes, made.length)).toEqual({ ok: true, value: made });
        if (count !== made.length) expect(decodeBatchAnswers(bytes, count).ok).toBe(false);
      }),
    );
  });

  it('are decoded or refused whatever their bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 8 }), (bytes, count) => {
        const read = decodeBatchAnswers(bytes, count);
        if (read.ok) expect(read.value).toHaveLength(count);
      }),
    );
  });
});
