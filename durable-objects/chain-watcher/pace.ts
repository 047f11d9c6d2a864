/** tfchain's block time, and the shortest time between two looks at a chain that is quicker (ms). */
const BLOCK_MS = 6_000;
const SHORTEST_MS = 1_000;
/** A measurement ends after so many blocks or ms. */
const WINDOW_BLOCKS = 10;
const WINDOW_MS = 60_000;

/** How quick the chain is, as far as it was seen. */
export interface Pace {
  /** Time between two blocks, never taken for shorter than it is; at most 6 s (ms). */
  readonly blockMs: number;
  /** Where the measurement that is under way began. */
  readonly since?: { readonly head: number; readonly at: number };
  /** Nothing has been measured yet. */
  readonly isFirst: boolean;
}

export const FIRST_PACE: Pace = { blockMs: BLOCK_MS, isFirst: true };

/**
 * Learns from a head seen at `now` (Unix ms). n new blocks in a time have at least n−1 whole block times between
 * them: on a chain of 6 s a look every 6 s is thus never exceeded.
 */
export function learnPace(pace: Pace, head: number, now: number): Pace {
  const { blockMs, since, isFirst } = pace;
  const begun = { head, at: now };
  if (since === undefined || head < since.head) return { ...pace, since: begun };
  const [blocks, elapsed] = [head - since.head, now - since.at];
  if (isFirst && elapsed < SHORTEST_MS / 2) return pace;
  const measured = blocks > 1 ? Math.min(elapsed / (blocks - 1), BLOCK_MS) : BLOCK_MS;
  const isDone = isFirst || blocks >= WINDOW_BLOCKS || elapsed >= WINDOW_MS;
  return isDone
    ? { blockMs: measured, since: begun, isFirst: false }
    : { blockMs: Math.min(blockMs, measured), since, isFirst: false };
}

/**
 * ms until the next look: a block, a second at least. A watcher that has just started looks a second time soon: then
 * it knows a quick chain from one that is not.
 */
export function untilNextLook({ blockMs, isFirst }: Pace): number {
  return isFirst ? SHORTEST_MS : Math.max(blockMs, SHORTEST_MS);
}
