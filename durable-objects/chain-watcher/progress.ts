import { z } from 'zod';
import type { TwinChange } from '../contract.ts';
import { LOOK_BACK } from './catch-up.ts';

const whole = z.number().int().nonnegative();

const schema = z.object({
  genesis: z.string(),
  number: whole,
  /** Absent: the block that the chain has at that number. */
  hash: z.string().optional(),
  /** When this was stored, Unix ms. */
  at: whole,
  /** Twins that changed in the last blocks. They are read once more when those blocks are settled. */
  recent: z.array(z.object({ twin: whole, block: whole })),
  /** Changes up to this block are counted, so that blocks that are read again do not count twice. */
  counted: whole,
  /** The last block at which unreadable events started a new generation. */
  doubtfulAt: whole.optional(),
  stored: whole,
  updated: whole,
  generations: whole,
  reconnects: whole,
  errors: z.object({ follow: whole, refresh: whole, events: whole }),
});

/** The position and counts of the watcher: everything that outlives its object. */
export type Progress = z.infer<typeof schema>;

/** Reads stored progress; undefined if it is absent or invalid. */
export function parseProgress(stored: unknown): Progress | undefined {
  return schema.safeParse(stored).data;
}

type WatcherCounts = Pick<Progress, 'counted' | 'stored' | 'updated' | 'generations' | 'reconnects' | 'errors'>;

/** The counts of a watcher before its first start. */
export const NOTHING_COUNTED: WatcherCounts = {
  counted: 0,
  stored: 0,
  updated: 0,
  generations: 0,
  reconnects: 0,
  errors: { follow: 0, refresh: 0, events: 0 },
};

/**
 * Returns the twins to read now that `through` is reached, and those to read once more later. A block close to the head
 * may still be lost in a fork, and a look-up may have asked a node without it.
 */
export function twinsToRead(
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

/** Counts the changes of blocks that are not counted yet. */
export function countChanges(progress: Progress, changes: readonly TwinChange[], through: number): Progress {
  const fresh = changes.filter(({ block }) => block > progress.counted);
  const of = (kind: TwinChange['kind']) => fresh.filter((change) => change.kind === kind).length;
  return {
    ...progress,
    stored: progress.stored + of('stored'),
    updated: progress.updated + of('updated'),
    counted: Math.max(progress.counted, through),
  };
}
