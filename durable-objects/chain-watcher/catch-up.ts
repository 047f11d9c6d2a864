import type { BlockRef, ChainStep } from '../contract.ts';

/**
 * How many blocks are read again when the last one is no longer on the chain, or when a new generation begins: forks
 * of tfchain are shorter, and no node that is used is further behind.
 */
export const LOOK_BACK = 10;
/** A chain that cannot be followed from where we are is begun anew after so many failures in a row. */
const MAX_FAILURES = 5;
/** Events that nobody can read make all records doubtful: at most once in so many blocks. */
const UNREADABLE_BLOCKS = 100;
/** The best block of a healthy node is no older than this (ms): the reference gives up a node after 7 s. */
const STALL_MS = 20_000;
/** So many blocks more than time allows are no doubt yet (bursts, a clock that is off). */
const DOUBTFUL_JUMP = 20;

/** What to do with a step. */
export type Decision =
  /** Deal with its blocks and go on. */
  | { readonly do: 'advance' }
  /** Our last block was left behind by the chain: go on from an earlier one. */
  | { readonly do: 'step-back'; readonly to: BlockRef }
  /** Give up what was missed: a new generation of the cache, from the head on. */
  | { readonly do: 'begin'; readonly why: string }
  /** The same, if a head is to be had; `certain`: nothing else can help. */
  | { readonly do: 'begin-if-alive'; readonly why: string; readonly certain: boolean }
  /** Try again later. */
  | { readonly do: 'wait'; readonly reason: string };

/**
 * @param at the last block dealt with; absent at the very first start
 * @param threshold after more missed blocks than this the cache begins anew
 * @param failures how many attempts have failed in a row before this one
 */
export function decide(at: BlockRef | undefined, step: ChainStep, threshold: number, failures: number): Decision {
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
      // A node that is being restored, or that we saw too far ahead: not at the first sight.
      if (step.astray === 'behind' && failures > 0) return { do: 'begin-if-alive', why, certain: true };
      if (failures + 1 >= MAX_FAILURES) return { do: 'begin-if-alive', why, certain: false };
      return { do: 'wait', reason: why };
    }
  }
}

/** Whether events that could not be read, up to block `number`, call for a new generation. @param last when they did */
export function isDoubtful(number: number, last: number | undefined): boolean {
  return last === undefined || number < last || number - last >= UNREADABLE_BLOCKS;
}

/** What is known of the chain's head; times in Unix ms. */
export interface HeadSeen {
  readonly number: number;
  /** When it last grew. */
  readonly grewAt: number;
  /** When nodes were last compared; 0: never. */
  readonly comparedAt: number;
}

/** Where the head should be at `now`. @param blockMs time between blocks */
export function expectedHead({ number, grewAt }: HeadSeen, now: number, blockMs: number): number {
  return number + Math.floor(Math.max(now - grewAt, 0) / blockMs);
}

/** Whether the head has stood still for so long that other nodes should be asked for theirs. */
export function isStalled({ grewAt, comparedAt }: HeadSeen, now: number): boolean {
  return now - grewAt > STALL_MS && now - comparedAt > STALL_MS;
}

/** Whether a head is further on than time allows: then nodes are compared before it is believed. */
export function isImplausible(head: number, expected: number): boolean {
  return head > expected + DOUBTFUL_JUMP;
}

const MAX_WAIT_MS = 30_000;

/** ms until the next attempt, after so many that failed in a row. */
export function waitAfter(failures: number, paceMs: number): number {
  return Math.min(paceMs * 2 ** Math.min(failures - 1, 10), MAX_WAIT_MS);
}
