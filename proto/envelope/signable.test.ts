import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSignableSid, isSignableUid } from './signable.ts';

describe('isSignableUid', () => {
  it('accepts a uuid, a counter or a job number', () => {
    expect(isSignableUid(randomUUID(), 17)).toBe(true);
    expect(isSignableUid('', 17)).toBe(true);
    expect(isSignableUid('job-1795984160123', 177)).toBe(true);
    expect(isSignableUid('a.B:c_d-9', 9)).toBe(true);
    expect(isSignableUid(`${randomUUID()}.12`, 12)).toBe(true);
  });

  it('accepts at most 64 characters', () => {
    expect(isSignableUid('u'.repeat(64), 17)).toBe(true);
    expect(isSignableUid('u'.repeat(65), 17)).toBe(false);
  });

  it.each(['a b', 'a,b', 'rmb.seal2=', 'a"b', 'ä', 'a\n', '{', 'a/b'])('refuses other characters: %j', (uid) => {
    expect(isSignableUid(uid, 17)).toBe(false);
  });

  it('refuses the head of an envelope of the twin, with any text around it', () => {
    const digits = fc.stringMatching(/^\d{0,6}$/);
    const around = fc.stringMatching(/^[a-z.-]{0,6}$/);
    fc.assert(
      fc.property(
        around,
        fc.integer({ min: 1_000_000_000, max: 9_999_999_999 }),
        fc.nat(86_400),
        fc.integer({ min: 1, max: 4_294_967_295 }),
        digits,
        around,
        (before, timestamp, life, twin, to, after) => {
          expect(isSignableUid(`${before}${timestamp}${life}${twin}${to}${after}`.slice(0, 64), twin)).toBe(
            // A uid that is cut before the end of the twin's id holds no head.
            !`${before}${timestamp}${life}${twin}`.slice(0, 64).endsWith(`${twin}`) ||
              `${before}${timestamp}${life}${twin}`.length > 64,
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('accepts the twin’s id without a timestamp and an expiration before it', () => {
    expect(isSignableUid('1795984160-17', 17)).toBe(true);
    expect(isSignableUid('179598416017', 17)).toBe(true);
    expect(isSignableUid('1795984160017', 17)).toBe(false);
    expect(isSignableUid('x1795984160300171', 17)).toBe(false);
  });
});

describe('isSignableSid', () => {
  it('accepts an absent or empty sid, a uuid or a word', () => {
    for (const sid of [undefined, '', randomUUID(), 'left_1']) expect(isSignableSid(sid)).toBe(true);
  });

  it.each(['a.b', 'a b', 's'.repeat(65), 'rmb.seal2=', 'é', 'a:b'])('refuses %j', (sid) => {
    expect(isSignableSid(sid)).toBe(false);
  });
});
