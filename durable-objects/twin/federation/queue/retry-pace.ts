// When a lane tries again. Pure: times in Unix ms, `random` from 0 to 1.

/** After so many failures in a row the rest of a lane waits as well: its relay is probably dead. */
const DEAD_FAILURES = 4;
/** The first retry comes after this. Each further one comes half as much later again, up to the last. */
export const RETRY_MS = 5_000;
const RETRY_MOST_MS = 30_000;

/** How often a lane failed, and when it tries again. */
export interface RetryPace {
  /** Attempts in a row that failed. */
  readonly failures: number;
  /** Retries in a row that ended with a failure. */
  readonly retries: number;
  /** When every open envelope is tried again. The round that runs then ends for it. */
  readonly retryAt: number;
}

/** The pace of a lane that never tried. */
export const NEVER_TRIED: RetryPace = { failures: 0, retries: 0, retryAt: Number.POSITIVE_INFINITY };

/** Returns whether a lane starts no further attempt before its retry. */
export function isDead({ failures }: RetryPace): boolean {
  return failures >= DEAD_FAILURES;
}

/** Returns the pace after an attempt: a settled envelope shows that the relay answers. */
export function afterAttempt(pace: RetryPace, isSettled: boolean): RetryPace {
  return { ...pace, failures: isSettled ? 0 : pace.failures + 1 };
}

/** Returns the pace of a dead lane to which a new envelope came: it waits no more than one retry. */
export function afterArrival(pace: RetryPace, now: number): RetryPace {
  return { ...pace, retryAt: Math.min(pace.retryAt, now + RETRY_MS) };
}

/** Returns the pace at the start of a round. */
export function atStart(pace: RetryPace, isRetry: boolean, now: number, random: number): RetryPace {
  const later = laterThan(pace, now, random);
  // Counted from the start: new envelopes that come all the time must not put off the failed ones.
  if (!isRetry) return { ...pace, retryAt: Math.min(pace.retryAt, later) };
  // One more failure makes a dead lane dead again: a retry is a probe.
  return { ...pace, failures: Math.min(pace.failures, DEAD_FAILURES - 1), retryAt: later };
}

/** Returns the pace at the end of a round that left open envelopes. */
export function atEnd(pace: RetryPace, isRetry: boolean, now: number, random: number): RetryPace {
  if (pace.failures === 0) return { ...pace, retries: 0 };
  const failed = { ...pace, retries: isRetry ? pace.retries + 1 : pace.retries };
  return { ...failed, retryAt: Math.max(pace.retryAt, laterThan(failed, now, random)) };
}

function laterThan({ retries }: RetryPace, now: number, random: number): number {
  const delay = Math.min(RETRY_MS * 1.5 ** retries, RETRY_MOST_MS);
  return Math.round(now + delay * (0.8 + 0.4 * random));
}
