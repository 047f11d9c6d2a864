/** Counts are spread over this many objects, so that none gets too many calls. */
export const STATS_SHARDS = 16;

/** Returns the number of the shard that gathers a twin's counts. */
export function statsShardOf(twin: number): number {
  return twin % STATS_SHARDS;
}
