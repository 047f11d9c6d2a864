import { describe, expect, it } from 'vitest';
import { findingsOf } from '../checks/language.ts';
import { pageOf, type Result } from './page.ts';

const RESULT: Result = {
  name: 'network-cut',
  minutes: 10,
  rate: 500,
  seed: 7,
  date: '2026-11-30',
  commit: 'abc1234',
  machine: '2 cores',
  verdict: {
    sent: 300_000,
    answered: 299_999,
    failed: { 'the mailbox of twin N is full': 1 },
    silent: 0,
    silentUnserved: 0,
    servedTwice: 0,
    answeredTwice: 0,
    strays: 0,
    recoveries: Array.from({ length: 80 }, () => 1_200),
    catchUps: Array.from({ length: 80 }, () => 1_500),
    p50: 40,
    slowest: 2_000,
  },
};

describe('the page of results', () => {
  it('says what was run, when and where, and passes the check of the language', () => {
    const page = pageOf([RESULT, { ...RESULT, name: 'relay-frozen', minutes: 5 }]);
    expect(page.replaceAll(/ +/g, ' ')).toContain(
      '| network-cut | 80 | 300,000 | 299,999 | 1 | 0 | 0 | 0 | 1.2 s | 1.5 s | 40 ms | 2.0 s |',
    );
    expect(page).toContain('- network-cut: 2026-11-30, commit abc1234, 10 min at 500 requests/s, seed 7: 2 cores.');
    expect(page).toContain('- relay-frozen: 2026-11-30, commit abc1234, 5 min');
    expect(page).not.toContain('hole-up');
    expect(findingsOf('docs/faults.md', page)).toEqual([]);
  });
});
