import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaugesAt, isEmpty, isForgotten, mustWrite, RENEW_MS, type ReportedGauges } from './reported-gauges.ts';

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;
const row = (at: number, fields: Partial<ReportedGauges> = {}): ReportedGauges => ({
  sessions: 1,
  mailboxMessages: 0,
  mailboxBytes: 0,
  outboxMessages: 0,
  at,
  ...fields,
});

describe('reported gauges', () => {
  it('counts sessions of a silent twin for six hours, and its mail for a day', () => {
    const stored = row(NOW, { mailboxMessages: 3, mailboxBytes: 300, outboxMessages: 2 });
    const { at: _, ...gauges } = stored;
    expect(gaugesAt(stored, NOW + 359 * MINUTE)).toEqual(gauges);
    expect(gaugesAt(stored, NOW + 360 * MINUTE)).toEqual({ ...gauges, sessions: 0 });
    expect(isEmpty(gaugesAt(stored, NOW + 24 * 60 * MINUTE))).toBe(true);
  });

  it('keep for 30 days when a twin was last seen', () => {
    const stored = row(NOW, { sessions: 0 });
    expect(isForgotten(stored, NOW + 30 * 24 * 60 * MINUTE - 1)).toBe(false);
    expect(isForgotten(stored, NOW + 30 * 24 * 60 * MINUTE)).toBe(true);
  });

  it('counts a twin with an event in each hour, however often it reports', () => {
    const event = fc.record({ after: fc.integer({ min: 1, max: 60 * MINUTE }), isBusy: fc.boolean() });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 50 }), (events) => {
        let [now, reportedAt] = [NOW, NOW];
        let stored = row(now);
        for (const { after, isBusy } of events) {
          now += after;
          expect(gaugesAt(stored, now).sessions).toBe(1);
          if (!isBusy && now - reportedAt < RENEW_MS) continue;
          reportedAt = now;
          if (mustWrite(stored, row(now))) stored = row(now);
        }
      }),
    );
  });

  it('are seldom written while they do not change', () => {
    let writes = 0;
    let stored: ReportedGauges | undefined;
    for (let minute = 0; minute < 600; minute += 5) {
      const next = row(NOW + minute * MINUTE);
      if (!mustWrite(stored, next)) continue;
      stored = next;
      writes += 1;
    }
    expect(writes).toBe(7);
    expect(mustWrite(row(NOW), row(NOW, { sessions: 2 }))).toBe(true);
  });
});
