import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitReason } from './close.ts';

describe('fitReason', () => {
  it('always fits a close frame and is a whole beginning of the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (reason) => {
        const fitted = fitReason(reason);
        expect(new TextEncoder().encode(fitted).length).toBeLessThanOrEqual(123);
        expect(reason.startsWith(fitted)).toBe(true);
      }),
    );
  });

  it('leaves a short reason alone', () => {
    expect(fitReason('session used by another program')).toBe('session used by another program');
  });
});
