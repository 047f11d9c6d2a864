import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterArrival, afterAttempt, atEnd, atStart, isDead, NEVER_TRIED, RETRY_MS } from './retry-pace.ts';

const failed = (times: number) =>
  Array.from({ length: times }).reduce<typeof NEVER_TRIED>((pace) => afterAttempt(pace, false), NEVER_TRIED);

describe('retry pace', () => {
  it('is dead after four failures in a row, and alive after a success', () => {
    expect([3, 4].map((times) => isDead(failed(times)))).toEqual([false, true]);
    expect(isDead(afterAttempt(failed(10), true))).toBe(false);
  });

  it('makes a retry of a dead lane a probe: one more failure makes it dead again', () => {
    const probe = atStart(failed(10), true, 0, 0.5);
    expect(isDead(probe)).toBe(false);
    expect(isDead(afterAttempt(probe, false))).toBe(true);
  });

  it('keeps the earlier retry when a further round starts', () => {
    const first = atStart(NEVER_TRIED, false, 0, 0.5);
    expect(first.retryAt).toBe(RETRY_MS);
    expect(atStart(first, false, 4_000, 0.5).retryAt).toBe(RETRY_MS);
  });

  it('brings the retry of a dead lane forward for a new envelope', () => {
    const pace = { ...failed(4), retryAt: 30_000 };
    expect(afterArrival(pace, 10_000).retryAt).toBe(15_000);
    expect(afterArrival({ ...pace, retryAt: 11_000 }, 10_000).retryAt).toBe(11_000);
  });

  it('retries after 5 s, then at growing intervals up to 30 s, each up to a fifth shorter or longer', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 }), (lots) => {
        let pace = atEnd(afterAttempt(atStart(NEVER_TRIED, false, 0, 0.5), false), false, 0, 0.5);
        lots.forEach((random, retry) => {
          const now = pace.retryAt;
          pace = atEnd(afterAttempt(atStart(pace, true, now, 0), false), true, now, random);
          const usual = Math.min(RETRY_MS * 1.5 ** (retry + 1), 30_000);
          expect(pace.retryAt - now).toBeGreaterThanOrEqual(Math.floor(usual * 0.8));
          expect(pace.retryAt - now).toBeLessThanOrEqual(Math.ceil(usual * 1.2));
        });
      }),
    );
  });

  it('starts again with the shortest interval after a round without a failure', () => {
    expect(atEnd({ failures: 0, retries: 7, retryAt: 9 }, true, 0, 0.5)).toEqual({
      failures: 0,
      retries: 0,
      retryAt: 9,
    });
  });
});
