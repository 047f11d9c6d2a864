/** What one class of objects has used: what the platform bills. */
interface ObjectUse {
  /** Calls by RPC and `fetch`, each a request. */
  calls: number;
  /** WebSocket frames that came in: twenty are a request. */
  frames: number;
  /** Each a request. */
  alarms: number;
  rowsRead: number;
  rowsWritten: number;
  /** Wall time in which an object had something to do or to wait for, summed over the objects (ms). */
  busyMs: number;
  /** Times an object was made: at its first event, and after each sleep. */
  wakes: number;
}

/** What the stateless part has used. */
export interface WorkerUse {
  requests: number;
  /** Calls of the resolver: no request, as it is part of the same Worker, but each may read KV. */
  lookups: number;
}

export type ObjectClass = 'TwinObject' | 'StatsObject' | 'ChainWatcher';

/** All that was counted since the last reset. */
export interface Use {
  readonly worker: WorkerUse;
  readonly objects: Readonly<Record<ObjectClass, ObjectUse>>;
  /** Objects that have something under way. */
  readonly active: number;
}

const noObjectUse = (): ObjectUse => ({
  calls: 0,
  frames: 0,
  alarms: 0,
  rowsRead: 0,
  rowsWritten: 0,
  busyMs: 0,
  wakes: 0,
});

// All objects of a workerd on one's own machine live in one isolate: these are the counts of the whole relay.
export const worker: WorkerUse = { requests: 0, lookups: 0 };
const objects = { TwinObject: noObjectUse(), StatsObject: noObjectUse(), ChainWatcher: noObjectUse() };
const meters = new Set<ObjectMeter>();
const byState = new WeakMap<DurableObjectState, ObjectMeter>();

/** What was used since the last reset. */
export function use(): Use {
  return { worker, objects, active: [...meters].filter(({ isBusy }) => isBusy).length };
}

/** Counts from nothing again; what is under way counts from now. */
export function reset(): void {
  Object.assign(worker, { requests: 0, lookups: 0 });
  for (const each of Object.values(objects)) Object.assign(each, noObjectUse());
  for (const meter of meters) meter.restart();
}

/** The meter of one object; made before the object's own constructor runs, which may already write. */
export function meterOf(name: ObjectClass, state: DurableObjectState): ObjectMeter {
  const known = byState.get(state);
  if (known !== undefined) return known;
  const meter = new ObjectMeter(objects[name]);
  byState.set(state, meter);
  objects[name].wakes += 1;
  tapStorage(state.storage, objects[name]);
  tap(state, 'waitUntil', (_, [work]) => void meter.during(Promise.resolve(work).catch(() => undefined)));
  return meter;
}

/** How long one object is busy. */
class ObjectMeter {
  readonly use: ObjectUse;
  #underWay = 0;
  #since = 0;

  constructor(use: ObjectUse) {
    this.use = use;
  }

  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  restart(): void {
    this.#since = Date.now();
  }

  async during<T>(work: Promise<T>): Promise<T> {
    if (this.#underWay === 0) {
      this.#since = Date.now();
      meters.add(this);
    }
    this.#underWay += 1;
    try {
      return await work;
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) {
        this.use.busyMs += Date.now() - this.#since;
        meters.delete(this);
      }
    }
  }
}

/** Rows as the platform counts them itself; of the key-value interface each call is one. */
function tapStorage(storage: DurableObjectStorage, counts: ObjectUse): void {
  const written = () => {
    counts.rowsWritten += 1;
  };
  const read = () => {
    counts.rowsRead += 1;
  };
  for (const name of ['setAlarm', 'deleteAlarm'] as const) tap(storage, name, written);
  for (const name of ['put', 'delete'] as const) tap(storage.kv, name, written);
  for (const name of ['get', 'list'] as const) tap(storage.kv, name, read);
  tap(storage.sql, 'exec', (cursor: SqlStorageCursor<Record<string, SqlStorageValue>>) => {
    counts.rowsWritten += cursor.rowsWritten;
    return {
      *[Symbol.iterator]() {
        try {
          yield* cursor;
        } finally {
          counts.rowsRead += cursor.rowsRead;
        }
      },
    };
  });
}

/** Has `note` see what each call of a method gives; what it returns is given instead. */
function tap<T extends object, R>(
  object: T,
  name: string & keyof T,
  note: (given: R, args: unknown[]) => unknown,
): void {
  const method: unknown = Reflect.get(object, name);
  if (typeof method !== 'function') throw new TypeError(`${name} is no method`);
  const value = (...args: unknown[]) => {
    const given = Reflect.apply(method, object, args);
    return note(given, args) ?? given;
  };
  Object.defineProperty(object, name, { value });
}
