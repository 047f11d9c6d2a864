import type { LatencyFigures, Place } from './figures.ts';

/** Round trips of a request and its reply between two twins, by the way that they go (ms). */
export interface RoundTrips {
  /** Over one server of the Rust relay: from the twin to the server, from there to the other twin, and back. */
  rust(a: Place, b: Place, relay: Place): number;
  /** Over the objects of both twins, each made in a place. */
  edge(a: Place, b: Place, objectOfA: Place, objectOfB: Place): number;
}

/** Returns the round trips by these figures. Time for work at the twins and in the relay is not counted. */
export function roundTrips({ access, objectsIn, between }: LatencyFigures): RoundTrips {
  const apart = (a: Place, b: Place) => (a === b ? 0 : (between[a]?.[b] ?? between[b]?.[a] ?? Number.NaN));
  const made = (object: Place) => objectsIn[object] ?? object;
  const toServer = (twin: Place, server: Place) => access[twin] + apart(twin, server) + access[server];
  const toObject = (twin: Place, object: Place) => access[twin] + apart(twin, made(object));
  return {
    rust: (a, b, relay) => toServer(a, relay) + toServer(b, relay),
    edge: (a, b, objectOfA, objectOfB) =>
      toObject(a, objectOfA) + apart(made(objectOfA), made(objectOfB)) + toObject(b, objectOfB),
  };
}
