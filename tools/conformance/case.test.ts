import { describe, expect, it } from 'vitest';
import { judge } from './case.ts';

const tried = { reference: [202, 'a'], intended: { seen: 403, difference: 'mailbox full' } } as const;

describe('judge', () => {
  it('passes the behaviour of the reference', () => {
    expect(judge(tried, [202, 'a'])).toEqual({ state: 'pass' });
  });

  it('names the reason of an intended difference', () => {
    expect(judge(tried, 403)).toEqual({ state: 'differs', reason: expect.stringMatching(/^mailbox full: /) });
  });

  it('fails everything else, even a nearly equal value', () => {
    for (const seen of [[202], [202, 'b'], '403', null]) {
      expect(judge(tried, seen)).toEqual({ state: 'fail', saw: seen, expected: [202, 'a'] });
    }
    expect(judge({ reference: 'x' }, 'y')).toEqual({ state: 'fail', saw: 'y', expected: 'x' });
  });
});
