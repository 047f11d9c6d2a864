import { z } from 'zod';
import type { TwinChange } from '../contract.ts';
import { LOOK_BACK } from './catch-up.ts';

const whole = z.number().int().nonnegative();

const schema = z.object({
  genesis: z.string(),
  number: whole,
  /** Absent: whichever block the chain has there. */
  hash: z.string().optional(),
  /** Unix ms at which this was kept. */
  at: whole,
  /** Twins that changed in the last blocks: they are read once more when those are settled. */
  recent: z.array(z.object({ twin: whole, block: whole })),
  /** Changes up to this block are counted; blocks that are read again are not counted twice. */
  counted: whole,
  /** The block at which events that could not be read last made a new generation. */
  doubtfulAt: whole.optional(),
  stored: whole,
  updated: whole,
  generations: whole,
  reconnects: whole,
  errors: z.object({ follow: whole, refresh: whole, events: whole }),
});

/** How far the watcher is, and what it has counted: all that outlives its object. */
export type Progress = z.infer<typeof schema>;

/** Reads what was kept; undefined where that is nothing, or of no use. */
export function parseProgress(kept: unknown): Progress | undefined {
  return schema.safeParse(kept).data;
}

type Counts = Pick<Progress, 'counted' | 'stored' | 'updated' | 'generations' | 'reconnects' | 'errors'>;

/** The counts of a watcher that has not begun yet. */
export const NOTHING_COUNTED: Counts = {
  counted: 0,
  stored: 0,
  updated: 0,
  generations: 0,
  reconnects: 0,
  errors: { follow: 0, refresh: 0, events: 0 },
};

/**
 * Which twins to read now that `through` is reached, and which to read once more later: those whose block is so close
 * to the head that it may still be lost, or that a look-up may have asked a node that did not have it yet.
 */
export function duties(
  recent: Progress['recent'],
  changes: readonly TwinChange[],
  through: number,
  head: number,
): { readonly read: readonly number[]; readonly later: Progress['recent'] } {
  const settled = recent.filter(({ block }) => block <= through - LOOK_BACK);
  const read = new Set([...settled, ...changes].map(({ twin }) => twin));
  const later = new Map(recent.filter((each) => !settled.includes(each)).map(({ twin, block }) => [twin, block]));
  for (const { twin, block } of changes) if (block > head - LOOK_BACK) later.set(twin, block);
  return { read: [...read], later: [...later].map(([twin, block]) => ({ twin, block })) };
}

/** Counts the changes of blocks that were not counted before. */
export function count(progress: Progress, changes: readonly TwinChange[], through: number): Progress {
  const fresh = changes.filter(({ block }) => block > progress.counted);
  const of = (kind: TwinChange['kind']) => fresh.filter((change) => change.kind === kind).length;
  return {
    ...progress,
    stored: progress.stored + of('stored'),
    updated: progress.updated + of('updated'),
    counted: Math.max(progress.counted, through),
  };
}
