import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitReason } from './close.ts';

describe('fitReason', () => {
  it('cuts a reason to the size of a close frame, at the end of a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (reason) => {
        const fitted = fitReason(reason);
        expect(new TextEncoder().encode(fitted).length).toBeLessThanOrEqual(123);
        expect(reason.startsWith(fitted)).toBe(true);
      }),
    );
  });

  it('does not change a short reason', () => {
    expect(fitReason('session used by another program')).toBe('session used by another program');
  });
});
