import { z } from 'zod';
import type { TwinGauges } from '../contract.ts';

// A twin's row of gauges, and how long it holds. Pure: times are Unix ms.

/** A connected twin says again how it stands, at the first event after this long. Each time costs a call and a row. */
export const RENEW_MS = 10_800_000;
/** A row that says the same is written again only after this long: a busy twin hands over every five minutes. */
const REWRITE_MS = RENEW_MS / 2;
/** Sessions in an older row count no more: a relay that is killed tells of no end. Twice as long as a renewal takes. */
const SESSIONS_HOLD_MS = 21_600_000;
/** Mail lies for a day at most, so a row that is older says nothing. Before that an alarm tells that mail has gone. */
const ROW_HOLDS_MS = 86_400_000;

const schema = z.object({
  sessions: z.number(),
  mailboxMessages: z.number(),
  mailboxBytes: z.number(),
  outboxMessages: z.number(),
  // Rows of older code have no time: they count as long faded.
  at: z.number().default(0),
});

/** How a twin stood, and when it said so. */
export interface Standing extends TwinGauges {
  readonly at: number;
}

/** Returns a stored row; undefined if it is none. */
export function readStanding(row: unknown): Standing | undefined {
  return schema.safeParse(row).data;
}

/** Returns whether nothing of a twin is left to count. */
export function isNothing({ sessions, mailboxMessages, outboxMessages }: TwinGauges): boolean {
  return sessions + mailboxMessages + outboxMessages === 0;
}

/** Returns whether `next` must be written over `before`. A row costs as much as a stored message. */
export function mustWrite(before: Standing | undefined, next: Standing): boolean {
  return before === undefined || next.at - before.at >= REWRITE_MS || !isSame(before, next);
}

/** Returns what a row still says at `now`. */
export function fade({ at, ...gauges }: Standing, now: number): TwinGauges {
  const age = now - at;
  if (age >= ROW_HOLDS_MS) return { sessions: 0, mailboxMessages: 0, mailboxBytes: 0, outboxMessages: 0 };
  return age >= SESSIONS_HOLD_MS ? { ...gauges, sessions: 0 } : gauges;
}

function isSame(a: TwinGauges, b: TwinGauges): boolean {
  return (
    a.sessions === b.sessions &&
    a.mailboxMessages === b.mailboxMessages &&
    a.mailboxBytes === b.mailboxBytes &&
    a.outboxMessages === b.outboxMessages
  );
}
