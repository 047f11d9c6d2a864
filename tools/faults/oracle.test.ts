import { describe, expect, it } from 'vitest';
import { Oracle } from './oracle.ts';
import { isClean } from './verdict.ts';

/** Sends a request, and lets the service take it. */
function served(oracle: Oracle, ref: string, sentAt = 0): void {
  oracle.sent(ref, sentAt);
  oracle.served(ref);
}

describe('the oracle', () => {
  it('finds nothing wrong with requests that are each served once and answered once', () => {
    const oracle = new Oracle();
    for (const ref of ['a', 'b']) {
      served(oracle, ref, 100);
      oracle.answered(ref, 130);
    }
    const verdict = oracle.verdict();
    expect(verdict).toMatchObject({ sent: 2, answered: 2, failed: {}, silent: 0, p50: 30, slowest: 30 });
    expect(isClean(verdict)).toBe(true);
    expect([oracle.open, oracle.settled]).toEqual([0, 2]);
  });

  it('counts a request without an entry as silent, and whether the service saw it', () => {
    const oracle = new Oracle();
    oracle.sent('request lost', 0);
    served(oracle, 'reply lost');
    expect(oracle.open).toBe(2);
    expect(oracle.verdict()).toMatchObject({ silent: 2, silentUnserved: 1 });
    expect(isClean(oracle.verdict())).toBe(false);
  });

  it('counts errors by their reasons without numbers and uids', () => {
    const oracle = new Oracle();
    for (const ref of ['a', 'b', 'c']) oracle.sent(ref, 0);
    oracle.failed('a', 'twin 2 did not take 0b1f2c3d-0000-4000-8000-0123456789ab');
    oracle.failed('b', 'twin 17 did not take 9b1f2c3d-0000-4000-8000-0123456789ab');
    oracle.failed('c', 'expired');
    const verdict = oracle.verdict();
    expect(verdict).toMatchObject({ failed: { 'twin N did not take N': 2, expired: 1 }, silent: 0, answered: 0 });
    expect(isClean(verdict)).toBe(true);
  });

  it('counts a request that the service takes twice', () => {
    const oracle = new Oracle();
    served(oracle, 'a');
    oracle.served('a');
    oracle.answered('a', 1);
    expect(oracle.verdict()).toMatchObject({ servedTwice: 1, answeredTwice: 0 });
    expect(isClean(oracle.verdict())).toBe(false);
  });

  it.each([
    ['two replies', ['answered', 'answered'], 0],
    ['an error and a reply', ['failed', 'answered'], 0],
    ['two errors', ['failed', 'failed'], 1],
  ] as const)('counts %s to one request as answered twice', (_, entries, failed) => {
    const oracle = new Oracle();
    served(oracle, 'a');
    for (const entry of entries) entry === 'failed' ? oracle.failed('a', 'expired') : oracle.answered('a', 1);
    expect(oracle.verdict()).toMatchObject({ answeredTwice: 1, silent: 0, failed: failed === 0 ? {} : { expired: 1 } });
    expect(isClean(oracle.verdict())).toBe(false);
    expect(oracle.open).toBe(0);
  });

  it('counts entries and requests that nobody sent', () => {
    const oracle = new Oracle();
    oracle.answered('a', 1);
    oracle.served('b');
    oracle.failed('c', 'expired');
    expect(oracle.verdict()).toMatchObject({ strays: 3 });
    expect(isClean(oracle.verdict())).toBe(false);
  });

  it('counts recovery until the first reply to a request sent since the fault began, and to one sent after it', () => {
    const oracle = new Oracle();
    served(oracle, 'before', 80);
    served(oracle, 'early reply', 91);
    served(oracle, 'during', 92);
    oracle.answered('early reply', 95);
    oracle.struck(90, 100);
    served(oracle, 'lost', 110);
    served(oracle, 'late', 120);
    served(oracle, 'quick', 130);
    oracle.answered('before', 135);
    oracle.answered('during', 140);
    expect(oracle.hasCaughtUp).toBe(false);
    oracle.answered('quick', 150);
    expect(oracle.hasCaughtUp).toBe(true);
    oracle.answered('late', 170);
    oracle.struck(180, 190);
    expect(oracle.hasCaughtUp).toBe(false);
    expect(oracle.verdict()).toMatchObject({ recoveries: [40, null], catchUps: [50, null] });
  });
});
