import type { StatsRpc } from '../contract.ts';
import type { Region } from './region.ts';

/** The port of the question to the stats object of the twin. */
export type SeenPort = Pick<StatsRpc, 'seen'>;

/**
 * Returns whether a twin may have an object: it has connected, or has mail. A twin without an object has no session and no
 * mail. A call would learn nothing, and make the object near the caller, for ever.
 *
 * A known region says that the twin connected, or that the operator placed it. An unknown region says nothing yet: KV is
 * a minute late, and twins that connected under earlier code have no region. Then the stats object knows: an object
 * reports when its first session opens, and when its first mail is stored.
 */
export async function hasObject(twin: number, region: Region | undefined, stats: SeenPort): Promise<boolean> {
  if (region !== undefined) return true;
  try {
    const [seenAt] = await stats.seen([twin]);
    return seenAt !== undefined;
  } catch {
    // Nobody knows. A message that is lost is worse than an object in the wrong place.
    return true;
  }
}
