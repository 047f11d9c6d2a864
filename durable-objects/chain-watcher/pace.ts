/** tfchain's block time, and the fastest that a watcher runs on a chain that is quicker (ms). */
const SLOWEST_MS = 6_000;
const FASTEST_MS = 1_000;
/** A measurement ends after so many blocks or ms. */
const WINDOW_BLOCKS = 10;
const WINDOW_MS = 60_000;

/** How often the watcher looks, as learned from the chain. */
export interface Pace {
  /** ms between two looks. */
  readonly ms: number;
  /** Where the measurement that is under way began. */
  readonly since?: { readonly head: number; readonly at: number };
}

export const FIRST_PACE: Pace = { ms: SLOWEST_MS };

/**
 * Learns from a head seen at `now` (Unix ms). n new blocks in a time have at least n−1 whole block times between
 * them, so the time between blocks is taken for no shorter than it is: on a chain of 6 s and more a look every 6 s is
 * never exceeded, a development chain is followed once a second.
 */
export function learnPace({ ms, since }: Pace, head: number, now: number): Pace {
  const begun = { head, at: now };
  if (since === undefined || head < since.head) return { ms, since: begun };
  const [blocks, elapsed] = [head - since.head, now - since.at];
  const between = blocks > 1 ? elapsed / (blocks - 1) : SLOWEST_MS;
  const measured = Math.min(Math.max(between, FASTEST_MS), SLOWEST_MS);
  const isDone = blocks >= WINDOW_BLOCKS || elapsed >= WINDOW_MS;
  return isDone ? { ms: measured, since: begun } : { ms: Math.min(ms, measured), since };
}
