import type { ChainWatcher } from './chain-watcher/chain-watcher-object.ts';
import type { TwinObject } from './twin/twin-object.ts';

// The only place that names objects.

/** One a twin. */
export function twinObject(namespace: DurableObjectNamespace<TwinObject>, twin: number): DurableObjectStub<TwinObject> {
  return namespace.get(namespace.idFromName(String(twin)));
}

/** One in all: whoever follows the chain must be alone. */
export function chainWatcher(namespace: DurableObjectNamespace<ChainWatcher>): DurableObjectStub<ChainWatcher> {
  return namespace.get(namespace.idFromName('chain'));
}
