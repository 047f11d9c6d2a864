import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fade, isNothing, mustWrite, readStanding, type Standing } from './standing.ts';

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
    expect(fade(stored, NOW + 89 * MINUTE)).toEqual(gauges);
    expect(fade(stored, NOW + 90 * MINUTE)).toEqual({ ...gauges, sessions: 0 });
    expect(isNothing(fade(stored, NOW + 24 * 60 * MINUTE))).toBe(true);
  });

  it('counts each twin that was heard of in the last hour, however its hand-overs lie', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 * MINUTE - 1 }), { maxLength: 50 }), (gaps) => {
        let now = NOW;
        let stored = row(now);
        for (const gap of gaps) {
          now += gap;
          expect(fade(stored, now).sessions).toBe(1);
          if (mustWrite(stored, row(now))) stored = row(now);
        }
      }),
    );
  });

  it('is written at most twice an hour while it says the same', () => {
    let writes = 0;
    let stored: Standing | undefined;
    for (let minute = 0; minute < 600; minute += 5) {
      const next = row(NOW + minute * MINUTE);
      if (!mustWrite(stored, next)) continue;
      stored = next;
      writes += 1;
    }
    expect(writes).toBe(20);
    expect(mustWrite(row(NOW), row(NOW, { sessions: 2 }))).toBe(true);
  });

  it('of older code, without a time, says nothing', () => {
    const old = readStanding({ sessions: 1, mailboxMessages: 0, mailboxBytes: 0, outboxMessages: 0 });
    expect(old && isNothing(fade(old, NOW))).toBe(true);
    expect([readStanding(row(NOW)), readStanding('garbage')]).toEqual([row(NOW), undefined]);
  });
});
