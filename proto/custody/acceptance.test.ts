import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vectors from '../../test/vectors/custody.json' with { type: 'json' };
import { acceptanceText, readAcceptance } from './acceptance.ts';

const u32 = (min: number) => fc.integer({ min, max: 0xffff_ffff });

describe('an acceptance', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(u32(0), u32(1), u32(1), (epoch, messages, bytes) => {
        const acceptance = { epoch, window: { messages, bytes } };
        expect(readAcceptance(acceptanceText(acceptance))).toEqual(acceptance);
      }),
    );
  });

  it.each(vectors.acceptances)('of the vectors is read: $text', ({ text, epoch, messages, bytes }) => {
    expect(readAcceptance(text)).toEqual({ epoch, window: { messages, bytes } });
  });

  it.each(vectors.notAcceptances)('is refused: %s', (text) => {
    expect(readAcceptance(text)).toBeUndefined();
  });

  it('is refused when it is far too long', () => {
    const text = acceptanceText({ epoch: 1, window: { messages: 1, bytes: 1 } });
    expect(readAcceptance(text.padEnd(1024))).toBeDefined();
    expect(readAcceptance(text.padEnd(1025))).toBeUndefined();
  });

  it('is no other text or JSON', () => {
    fc.assert(fc.property(fc.string(), (text) => void expect(readAcceptance(text)).toBeUndefined()));
    fc.assert(fc.property(fc.json(), (text) => void expect(readAcceptance(text)).toBeUndefined()));
  });
});
