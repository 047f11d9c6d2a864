import type { Region } from './placement/region.ts';
import { STATS_SHARDS, statsShardOf } from './stats/shards.ts';
import { gathererName } from './twin/gather/gatherer-name.ts';

// The names of all objects, and where each is made. The platform obeys the first call of an object, and no later one.
// Without a region an object is made near its first caller.

type Branded = Rpc.DurableObjectBranded | undefined;

/** Returns the object of a twin. @param region where it is made if this is its first call */
export function twinObject<T extends Branded>(
  namespace: DurableObjectNamespace<T>,
  twin: number,
  region: Region | undefined,
): DurableObjectStub<T> {
  return namespace.getByName(String(twin), placed(region));
}

/** Returns the gatherer of a sender for a hot twin: an object of the same class, whose name is that of no twin. */
export function gatherer<T extends Branded>(
  namespace: DurableObjectNamespace<T>,
  twin: number,
  sender: number,
): DurableObjectStub<T> {
  return namespace.getByName(gathererName(twin, sender));
}

/** Returns the chain watcher. There is only one, because two would follow the chain twice. */
export function chainWatcher<T extends Branded>(
  namespace: DurableObjectNamespace<T>,
  region: Region | undefined,
): DurableObjectStub<T> {
  return namespace.getByName('chain', placed(region));
}

/** Returns the shard that gathers a twin's counts. The stateless Worker uses shard 0. */
export function statsObject<T extends Branded>(
  namespace: DurableObjectNamespace<T>,
  region: Region | undefined,
  twin = 0,
): DurableObjectStub<T> {
  return namespace.getByName(String(statsShardOf(twin)), placed(region));
}

/** Returns all shards. */
export function statsShards<T extends Branded>(
  namespace: DurableObjectNamespace<T>,
  region: Region | undefined,
): DurableObjectStub<T>[] {
  return Array.from({ length: STATS_SHARDS }, (_, shard) => statsObject(namespace, region, shard));
}

function placed(region: Region | undefined): DurableObjectNamespaceGetDurableObjectOptions | undefined {
  return region === undefined ? undefined : { locationHint: region };
}
