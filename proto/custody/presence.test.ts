import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  MOST_TWINS,
  type TwinPresence,
} from './presence.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const question = fc.record({ number: u32, twins: fc.array(u32, { minLength: 1, maxLength: MOST_TWINS }) });
const twin: fc.Arbitrary<TwinPresence> = fc.record(
  {
    state: fc.constantFrom('away', 'connected', 'unknown', 'unavailable'),
    waiting: u32,
    seenAt: fc.integer({ min: 1, max: 0xffff_ffff }),
  },
  { requiredKeys: ['state', 'waiting'] },
);
const answer = fc.record({ number: u32, twins: fc.array(twin, { minLength: 1, maxLength: MOST_TWINS }) });

describe('questions about twins and their answers', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(question, answer, (asked, told) => {
        expect(decodeQuestion(encodeQuestion(asked))).toEqual({ ok: true, value: asked });
        expect(decodeAnswer(encodeAnswer(told))).toEqual({ ok: true, value: told });
      }),
    );
  });

  it('are refused when a byte is missing or follows', () => {
    fc.assert(
      fc.property(question, answer, fc.nat(), (asked, told, cut) => {
        for (const [bytes, decode] of [
          [encodeQuestion(asked), decodeQuestion],
          [encodeAnswer(told), decodeAnswer],
        ] as const) {
          expect(decode(bytes.subarray(0, cut % bytes.length)).ok).toBe(false);
          expect(decode(Uint8Array.of(...bytes, 0)).ok).toBe(false);
        }
      }),
    );
  });

  it('are refused with another kind, flags, no twin or too many', () => {
    const bytes = encodeQuestion({ number: 7, twins: [1] });
    expect(decodeAnswer(bytes)).toEqual({ ok: false, error: 'frame kind 3 is another one' });
    expect(decodeQuestion(bytes.with(1, 1))).toEqual({ ok: false, error: 'frame flags 1 are unknown' });
    expect(decodeQuestion(bytes.with(3, 0)).ok).toBe(false);
    expect(decodeQuestion(bytes.with(3, MOST_TWINS + 1))).toEqual({
      ok: false,
      error: '101 twins: 1 to 100 are allowed',
    });
    expect(() => encodeQuestion({ number: 1, twins: [] })).toThrow(RangeError);
  });

  it('take a state of a later version as unavailable', () => {
    const bytes = encodeAnswer({ number: 1, twins: [{ state: 'connected', waiting: 3 }] });
    expect(decodeAnswer(bytes.with(8, 200))).toMatchObject({ value: { twins: [{ state: 'unavailable' }] } });
  });
});
