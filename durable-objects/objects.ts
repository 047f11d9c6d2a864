import type { TwinObject } from './twin/twin-object.ts';

/** The only place that names objects: one a twin. */
export function twinObject(namespace: DurableObjectNamespace<TwinObject>, twin: number): DurableObjectStub<TwinObject> {
  return namespace.get(namespace.idFromName(String(twin)));
}
