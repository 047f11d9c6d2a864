/** tfchain's block time, and the shortest time between two looks at a faster chain. */
const BLOCK_MS = 6_000;
const SHORTEST_MS = 1_000;
/** A measurement ends after so many blocks, or so many ms. */
const WINDOW_BLOCKS = 10;
const WINDOW_MS = 60_000;

/** The measured speed of the chain. */
export interface ChainPace {
  /** Time between two blocks, ms. Never estimated too short; at most 6 s. */
  readonly blockMs: number;
  /** Where the current measurement started. */
  readonly since?: { readonly head: number; readonly at: number };
  /** Nothing is measured yet. */
  readonly isFirst: boolean;
}

export const FIRST_PACE: ChainPace = { blockMs: BLOCK_MS, isFirst: true };

/**
 * Returns the pace after a head seen at `now` (Unix ms). Between n new blocks are at least n−1 whole block times, so the
 * watcher never looks more often than every 6 s at a chain of 6 s.
 */
export function learnPace(pace: ChainPace, head: number, now: number): ChainPace {
  const { blockMs, since, isFirst } = pace;
  const start = { head, at: now };
  if (since === undefined || head < since.head) return { ...pace, since: start };
  const [blocks, elapsed] = [head - since.head, now - since.at];
  if (isFirst && elapsed < SHORTEST_MS / 2) return pace;
  const measured = blocks > 1 ? Math.min(elapsed / (blocks - 1), BLOCK_MS) : BLOCK_MS;
  const isDone = isFirst || blocks >= WINDOW_BLOCKS || elapsed >= WINDOW_MS;
  return isDone
    ? { blockMs: measured, since: start, isFirst: false }
    : { blockMs: Math.min(blockMs, measured), since, isFirst: false };
}

/**
 * Returns the ms until the next look: one block time, at least a second. A new watcher looks a second time soon, so that
 * it recognises a fast chain.
 */
export function untilNextLook({ blockMs, isFirst }: ChainPace): number {
  return isFirst ? SHORTEST_MS : Math.max(blockMs, SHORTEST_MS);
}
