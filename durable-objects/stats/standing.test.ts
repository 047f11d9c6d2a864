import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fade, isNothing, mustWrite, RENEW_MS, readStanding, type Standing } from './standing.ts';

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;
const row = (at: number, fields: Partial<Standing> = {}): Standing => ({
  sessions: 1,
  mailboxMessages: 0,
  mailboxBytes: 0,
  outboxMessages: 0,
  at,
  ...fields,
});

describe('a row of gauges', () => {
  it('stops counting sessions of a twin that says nothing, and keeps its mail for a day', () => {
    const stored = row(NOW, { mailboxMessages: 3, mailboxBytes: 300, outboxMessages: 2 });
    const { at: _, ...gauges } = stored;
    expect(fade(stored, NOW + 359 * MINUTE)).toEqual(gauges);
    expect(fade(stored, NOW + 360 * MINUTE)).toEqual({ ...gauges, sessions: 0 });
    expect(isNothing(fade(stored, NOW + 24 * 60 * MINUTE))).toBe(true);
  });

  it('counts a twin that is heard of at least once an hour, whether or not it hands over more often', () => {
    const event = fc.record({ after: fc.integer({ min: 1, max: 60 * MINUTE }), handsOver: fc.boolean() });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 50 }), (events) => {
        let [now, told] = [NOW, NOW];
        let stored = row(now);
        for (const { after, handsOver } of events) {
          now += after;
          expect(fade(stored, now).sessions).toBe(1);
          if (!handsOver && now - told < RENEW_MS) continue;
          told = now;
          if (mustWrite(stored, row(now))) stored = row(now);
        }
      }),
    );
  });

  it('is seldom written while it says the same', () => {
    let writes = 0;
    let stored: Standing | undefined;
    for (let minute = 0; minute < 600; minute += 5) {
      const next = row(NOW + minute * MINUTE);
      if (!mustWrite(stored, next)) continue;
      stored = next;
      writes += 1;
    }
    expect(writes).toBe(7);
    expect(mustWrite(row(NOW), row(NOW, { sessions: 2 }))).toBe(true);
  });

  it('of older code, without a time, says nothing', () => {
    const old = readStanding({ sessions: 1, mailboxMessages: 0, mailboxBytes: 0, outboxMessages: 0 });
    expect(old && isNothing(fade(old, NOW))).toBe(true);
    expect([readStanding(row(NOW)), readStanding('garbage')]).toEqual([row(NOW), undefined]);
  });
});
