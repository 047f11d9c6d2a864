import { failing, failNow } from './faults.ts';

/** The methods of an object that may fail at their caller. */
const CALLS = ['deliver', 'fetch', 'receipts', 'snapshot', 'status'] as const;

/** Returns a namespace whose objects fail as the faults say. An error arises at the caller, as the platform's own do. */
export function faulty<N extends { getByName(name: string): object }>(namespace: N): N {
  return replacing(namespace, (name) =>
    name === 'getByName' ? (object: string) => faultyObject(namespace.getByName(object), object) : undefined,
  );
}

function faultyObject(target: object, object: string): object {
  return replacing(target, (name, method) => {
    // A gatherer's call is the delivery of many batches.
    const call = name === 'gathered' ? 'deliver' : CALLS.find((each) => each === name);
    if (call !== undefined) return (...args: unknown[]) => failing(call, object, async () => await method(...args));
    if (name !== 'line') return undefined;
    return async (...args: unknown[]) => {
      const line: unknown = await method(...args);
      return typeof line === 'function' || (typeof line === 'object' && line !== null)
        ? faultyObject(line, object)
        : line;
    };
  });
}

/** Fails statements and alarms of an object's own storage as the faults say. */
export function failStorage(storage: DurableObjectStorage, object: string): void {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  const setAlarm = storage.setAlarm.bind(storage);
  Object.defineProperty(sql, 'exec', {
    value: (query: string, ...bindings: SqlStorageValue[]) => {
      // A full database still reads and deletes.
      if (/^\s*(INSERT|UPDATE)/.test(query)) failNow('exec', object);
      return exec(query, ...bindings);
    },
  });
  Object.defineProperty(storage, 'setAlarm', {
    value: async (at: number) => {
      failNow('setAlarm', object);
      await setAlarm(at);
    },
  });
}

/** Returns an object with some of its methods replaced. The methods of a stub must not be bound: a stub has any name. */
function replacing<T extends object>(
  target: T,
  replace: (name: string, method: (...args: unknown[]) => unknown) => unknown,
): T {
  return new Proxy(target, {
    get: (_, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const method = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      return (typeof name === 'string' ? replace(name, method) : undefined) ?? method;
    },
  });
}
