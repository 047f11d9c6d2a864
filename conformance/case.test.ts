import { describe, expect, it } from 'vitest';
import { judge } from './case.ts';

const tried = { reference: [202, 'a'], meant: { seen: 403, difference: 'mailbox full' } } as const;

describe('judge', () => {
  it('passes what the reference does', () => {
    expect(judge(tried, [202, 'a'])).toEqual({ state: 'pass' });
  });

  it('names the reason of what differs on purpose', () => {
    expect(judge(tried, 403)).toEqual({ state: 'differs', reason: expect.stringMatching(/^mailbox full: /) });
  });

  it('fails all else, even what is nearly the same', () => {
    for (const seen of [[202], [202, 'b'], '403', null]) {
      expect(judge(tried, seen)).toEqual({ state: 'fail', saw: seen, expected: [202, 'a'] });
    }
    expect(judge({ reference: 'x' }, 'y')).toEqual({ state: 'fail', saw: 'y', expected: 'x' });
  });
});
