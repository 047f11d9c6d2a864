import type { StatsRpc } from '../../contract.ts';
import { statsShardOf } from '../../stats/shards.ts';

/**
 * Returns when twins were last reported (Unix ms), in their order. Each stats object is asked once.
 * @param shard returns the stats object of a shard, by one of its twins
 */
export async function seenAt<Shard extends Pick<StatsRpc, 'seen'>>(
  twins: readonly number[],
  shard: (twin: number) => Shard,
): Promise<(number | undefined)[]> {
  const byShard = Map.groupBy(twins, statsShardOf);
  const seen = new Map<number, number | undefined>();
  await Promise.all(
    [...byShard.values()].map(async (group) => {
      const [first = 0] = group;
      const times = await shard(first).seen(group);
      for (const [n, twin] of group.entries()) seen.set(twin, times[n]);
    }),
  );
  return twins.map((twin) => seen.get(twin));
}
