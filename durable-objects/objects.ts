import type { ChainWatcher } from './chain-watcher/chain-watcher-object.ts';
import type { StatsObject } from './stats/stats-object.ts';
import type { TwinObject } from './twin/twin-object.ts';

// The only place that names objects.

/** Counts are gathered by this many objects, so that none of them is asked too often. */
const STATS_SHARDS = 16;

/** One a twin. */
export function twinObject(namespace: DurableObjectNamespace<TwinObject>, twin: number): DurableObjectStub<TwinObject> {
  return namespace.getByName(String(twin));
}

/** One in all: whoever follows the chain must be alone. */
export function chainWatcher(namespace: DurableObjectNamespace<ChainWatcher>): DurableObjectStub<ChainWatcher> {
  return namespace.getByName('chain');
}

/** Where a twin's counts are gathered; those of the stateless Worker in shard 0. */
export function statsObject(namespace: DurableObjectNamespace<StatsObject>, twin = 0): DurableObjectStub<StatsObject> {
  return namespace.getByName(String(twin % STATS_SHARDS));
}

/** All of them. */
export function statsShards(namespace: DurableObjectNamespace<StatsObject>): DurableObjectStub<StatsObject>[] {
  return Array.from({ length: STATS_SHARDS }, (_, shard) => statsObject(namespace, shard));
}
