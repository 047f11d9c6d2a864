import { describe, expect, it } from 'vitest';
import { detailsOf, recoveriesOf, tableOf } from './report.ts';
import type { Verdict } from './verdict.ts';

const CLEAN: Verdict = {
  sent: 12_000,
  answered: 11_990,
  failed: { 'the mailbox is full': 7, expired: 3 },
  silent: 0,
  silentUnserved: 0,
  servedTwice: 0,
  answeredTwice: 0,
  strays: 0,
  recoveries: [700, 2_400, 900],
  catchUps: [700, 5_000, 900],
  p50: 41,
  slowest: 9_100,
};

describe('the report of the faults', () => {
  it('has a row for each fault, with the p99 of its recoveries', () => {
    const [, , row] = tableOf([{ name: 'network-cut', verdict: CLEAN }]).split('\n');
    expect(row?.replaceAll(/ +/g, ' ')).toBe(
      '| network-cut | 3 | 12,000 | 11,990 | 10 | 0 | 0 | 0 | 2.4 s | 5.0 s | 41 ms | 9.1 s |',
    );
  });

  it('says never when messages did not flow again after one fault', () => {
    const verdict = { ...CLEAN, recoveries: [700, null] };
    expect(tableOf([{ name: 'network-cut', verdict }])).toMatch(/\| never +\|/);
    expect(recoveriesOf(verdict)).toBe('recovered after 0.7 s, never; caught up after 0.7 s, 5.0 s, 0.9 s');
  });

  it('names the reasons of errors, and where silent requests were lost', () => {
    const verdict = { ...CLEAN, silent: 5, silentUnserved: 2 };
    expect(detailsOf('network-cut', CLEAN)).toMatch(/^network-cut: nothing lost, nothing twice\n/);
    expect(detailsOf('network-cut', verdict).split('\n  ')).toEqual([
      'network-cut: NOT CLEAN',
      'silent: 2 never reached the service, 3 were served',
      'failed: 7 × `the mailbox is full`',
      'failed: 3 × `expired`',
    ]);
  });
});
