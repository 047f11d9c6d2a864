import type { Reason } from '../../../proto/reasons.ts';
import type { RoutedEnvelope } from './routed-envelope.ts';

// The outbox of a destination whose object takes no calls. Pure: times in Unix ms, `random` from 0 to 1.

/** The pause before a probe. The longest one doubles with each failure, so that an object that recovers slowly gets fewer. */
const SHORTEST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3_200;
/** A client with custody repeats an envelope without a receipt after 5 s. It learns before that, and waits as it likes. */
const CUSTODY_MS = 2_500;
/** After this an object is not only busy. Nothing waits for it in memory then. */
const LONG_MS = 30_000;
/** A later failure is a new stop. */
const FORGET_MS = 10_000;

/** A stop of one destination. */
export interface Stop {
  readonly since: number;
  /** Calls that failed, one after the other. */
  readonly failures: number;
  /** When one batch probes. Until then there is no call. */
  readonly until: number;
}

/** What an envelope does meanwhile: it waits; it is stored, and retried from there; or it is refused. */
type Fate = 'wait' | 'store' | { readonly refuse: Reason };

/** Returns the stop after a call that failed. @param before the stop of this destination, if it has one */
export function stopAfter(before: Stop | undefined, now: number, random: number): Stop {
  const goesOn = before !== undefined && now - before.until < FORGET_MS;
  const failures = goesOn ? before.failures + 1 : 1;
  const longest = longestPause(failures);
  const pause = SHORTEST_PAUSE_MS + random * (longest - SHORTEST_PAUSE_MS);
  return { since: goesOn ? before.since : now, failures, until: now + Math.ceil(pause) };
}

/** Returns after how many seconds a refused request may come again. They differ, so that the senders do not meet. */
export function secondsUntilRetry({ failures }: Stop, random: number): number {
  return Math.ceil((1 + random) * (longestPause(failures) / 1000));
}

/**
 * Decides about an envelope before the next probe.
 * @param neverRan the object never got it; else the envelope is a reply that the object may have got
 * @param isCrowded so much waits for the destination that others have no room
 */
export function fateOf(
  envelope: RoutedEnvelope,
  { since, until }: Stop,
  { neverRan, isCrowded }: { readonly neverRan: boolean; readonly isCrowded: boolean },
): Fate {
  const { isRequest, origin, arrivedAt = since, expiresAt } = envelope;
  // A reply that makes its receiver fail must not do so for an hour.
  if (!neverRan && until - since >= LONG_MS) return { refuse: 'undelivered' };
  const isLong = isCrowded || until - since >= LONG_MS;
  // Its client keeps it and sends it again.
  if (origin !== undefined) return isLong || until - arrivedAt >= CUSTODY_MS ? { refuse: 'undelivered' } : 'wait';
  // Nobody learns of a refused reply.
  if (!isRequest) return isLong ? 'store' : 'wait';
  const half = (expiresAt * 1000 - arrivedAt) / 2;
  return isLong || until - arrivedAt >= half ? { refuse: 'overloaded' } : 'wait';
}

function longestPause(failures: number): number {
  return Math.min(SHORTEST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
}
