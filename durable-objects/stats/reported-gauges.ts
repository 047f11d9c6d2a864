import type { TwinGauges } from '../contract.ts';

// A twin's row of gauges, and how long it counts. Pure: times in Unix ms.

/** A connected twin reports its gauges again at the first event after this. Each report costs a call and a row. */
export const RENEW_MS = 10_800_000;
/** Unchanged gauges are written again only after this: a busy twin reports every five minutes. */
const REWRITE_MS = RENEW_MS / 2;
/** Sessions of an older row do not count: a killed relay reports no end. Twice as long as a renewal takes. */
const SESSIONS_COUNT_MS = 21_600_000;
/** A row older than this counts for nothing: mail is kept for a day at most. Before that, an alarm reports its end. */
const ROW_COUNTS_MS = 86_400_000;
/** The row of a twin that has nothing to count says for this long when it was last seen. */
const SEEN_MS = 30 * 86_400_000;

/** The gauges of a twin, and when it reported them. */
export interface ReportedGauges extends TwinGauges {
  readonly at: number;
}

/** Returns whether a twin has nothing to count. */
export function isEmpty({ sessions, mailboxMessages, outboxMessages }: TwinGauges): boolean {
  return sessions + mailboxMessages + outboxMessages === 0;
}

/** Returns whether a row says nothing any more. */
export function isForgotten({ at }: ReportedGauges, now: number): boolean {
  return now - at >= SEEN_MS;
}

/** Returns whether `next` must be written over `before`. A row costs as much as a stored message. */
export function mustWrite(before: ReportedGauges | undefined, next: ReportedGauges): boolean {
  return before === undefined || next.at - before.at >= REWRITE_MS || !isSame(before, next);
}

/** Returns the part of a row that still counts at `now`. */
export function gaugesAt({ at, ...gauges }: ReportedGauges, now: number): TwinGauges {
  const age = now - at;
  if (age >= ROW_COUNTS_MS) return { sessions: 0, mailboxMessages: 0, mailboxBytes: 0, outboxMessages: 0 };
  return age >= SESSIONS_COUNT_MS ? { ...gauges, sessions: 0 } : gauges;
}

function isSame(a: TwinGauges, b: TwinGauges): boolean {
  return (
    a.sessions === b.sessions &&
    a.mailboxMessages === b.mailboxMessages &&
    a.mailboxBytes === b.mailboxBytes &&
    a.outboxMessages === b.outboxMessages
  );
}
