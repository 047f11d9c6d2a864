import type { BlockRef, ChainStep } from '../contract.ts';

/**
 * Blocks that are read again after a fork, and after the start of a new generation. Forks of tfchain are shorter, and no
 * node in use is further behind.
 */
export const LOOK_BACK = 10;
/** After so many failures in a row the watcher starts at the head, with a new generation. */
const MAX_FAILURES = 5;
/** Unreadable events make all records stale, at most once in so many blocks. */
const UNREADABLE_BLOCKS = 100;
/** A healthy node's best block is younger than this. The reference leaves a node after 7 s. */
const STALL_MS = 20_000;
/** A head may be so many blocks further than expected: blocks come in bursts, and clocks differ. */
const DOUBTFUL_JUMP = 20;

/** The watcher's action for a step. */
export type StepDecision =
  /** Process its blocks and go on. */
  | { readonly do: 'advance' }
  /** The chain dropped the last block: go on from an earlier one. */
  | { readonly do: 'step-back'; readonly to: BlockRef }
  /** Skip the missed blocks: start at the head, with a new generation of the cache. */
  | { readonly do: 'begin'; readonly why: string }
  /** The same, if a node has a head. `certain`: a retry cannot help. */
  | { readonly do: 'begin-if-alive'; readonly why: string; readonly certain: boolean }
  /** Try again later. */
  | { readonly do: 'wait'; readonly reason: string };

/**
 * Decides what to do with a step.
 * @param at the last processed block; absent at the very first start
 * @param threshold after more missed blocks than this a new generation starts
 * @param failures failed attempts in a row before this one
 */
export function decide(at: BlockRef | undefined, step: ChainStep, threshold: number, failures: number): StepDecision {
  switch (step.kind) {
    case 'blocks': {
      if (at === undefined) return { do: 'begin', why: 'first start' };
      const missed = step.head - at.number;
      return missed > threshold ? { do: 'begin', why: `${missed} blocks were missed` } : { do: 'advance' };
    }
    case 'forked':
      return { do: 'step-back', to: { number: Math.max((at?.number ?? 0) - LOOK_BACK, 0) } };
    case 'failed': {
      const why = step.reason;
      if (at === undefined) return { do: 'wait', reason: why };
      if (step.astray === 'chain') return { do: 'begin-if-alive', why, certain: true };
      // A node that is being restored, or that was too far ahead before, passes: wait for a second failure.
      if (step.astray === 'behind' && failures > 0) return { do: 'begin-if-alive', why, certain: true };
      if (failures + 1 >= MAX_FAILURES) return { do: 'begin-if-alive', why, certain: false };
      return { do: 'wait', reason: why };
    }
  }
}

/** Returns whether unreadable events at block `number` start a new generation. @param last block at which they did */
export function isDoubtful(number: number, last: number | undefined): boolean {
  return last === undefined || number < last || number - last >= UNREADABLE_BLOCKS;
}

/** The chain's head as last seen; times in Unix ms. */
export interface HeadSeen {
  readonly number: number;
  /** When it last grew. */
  readonly grewAt: number;
  /** When nodes were last compared. 0: never. */
  readonly comparedAt: number;
}

/** Returns the expected number of the head at `now`. @param blockMs time between blocks */
export function expectedHead({ number, grewAt }: HeadSeen, now: number, blockMs: number): number {
  return number + Math.floor(Math.max(now - grewAt, 0) / blockMs);
}

/** Returns whether the head did not grow for so long that nodes must be compared. */
export function isStalled({ grewAt, comparedAt }: HeadSeen, now: number): boolean {
  return now - grewAt > STALL_MS && now - comparedAt > STALL_MS;
}

/** Returns whether a head is too far beyond the expected one, so that nodes must be compared. */
export function isImplausible(head: number, expected: number): boolean {
  return head > expected + DOUBTFUL_JUMP;
}

const MAX_WAIT_MS = 30_000;

/** Returns the ms until the next attempt, after so many failures in a row. */
export function waitAfter(failures: number, paceMs: number): number {
  return Math.min(paceMs * 2 ** Math.min(failures - 1, 10), MAX_WAIT_MS);
}
