/** The billed use of one class of objects. */
interface ObjectUse {
  /** Calls by RPC and `fetch`, each a request. */
  calls: number;
  /** Incoming WebSocket frames: twenty are a request. */
  frames: number;
  /** Alarms, each a request. */
  alarms: number;
  rowsRead: number;
  rowsWritten: number;
  /** Wall time in which an object worked or waited, summed over the objects, ms. */
  busyMs: number;
  /** How often an object was created: at its first event, and after each sleep. */
  wakes: number;
}

/** The use of the stateless Worker. */
export interface WorkerUse {
  requests: number;
  /** Calls of the resolver. It is part of the Worker, so they are no requests, but each may read KV. */
  lookups: number;
}

export type ObjectClass = 'TwinObject' | 'StatsObject' | 'ChainWatcher';

/** Everything counted since the last reset. */
export interface Use {
  readonly worker: WorkerUse;
  readonly objects: Readonly<Record<ObjectClass, ObjectUse>>;
  /** Lines that the Worker and the objects have logged, by event; the platform bills each. */
  readonly logLines: Readonly<Record<string, number>>;
  /** Objects that work now. */
  readonly active: number;
}

/** The part of an object's state that a meter taps. */
export interface MeteredState {
  readonly storage: MeteredStorage;
  waitUntil(work: Promise<unknown>): void;
}

/** The part of an object's storage that a meter taps. */
interface MeteredStorage {
  setAlarm(at: number): Promise<void>;
  deleteAlarm(): Promise<void>;
  readonly kv: {
    get(key: string): unknown;
    list(): Iterable<unknown>;
    put(key: string, value: unknown): void;
    delete(key: string): boolean;
  };
  readonly sql: { exec(query: string): Cursor };
}

/** Rows of a statement, and what they cost. `rowsRead` grows while they are read. */
type Cursor = Iterable<unknown> & { readonly rowsRead: number; readonly rowsWritten: number };

const noObjectUse = (): ObjectUse => ({
  calls: 0,
  frames: 0,
  alarms: 0,
  rowsRead: 0,
  rowsWritten: 0,
  busyMs: 0,
  wakes: 0,
});

// All objects of a local workerd share one isolate, so these are the counts of the whole relay.
export const worker: WorkerUse = { requests: 0, lookups: 0 };
const objects = { TwinObject: noObjectUse(), StatsObject: noObjectUse(), ChainWatcher: noObjectUse() };
let logLines: Record<string, number> = {};
const meters = new Set<ObjectMeter>();
const byState = new WeakMap<MeteredState, ObjectMeter>();

/** Returns the use since the last reset. */
export function use(): Use {
  return { worker, objects, logLines, active: [...meters].filter(({ isBusy }) => isBusy).length };
}

/** Resets all counts. Current work counts from now. */
export function reset(): void {
  Object.assign(worker, { requests: 0, lookups: 0 });
  logLines = {};
  for (const each of Object.values(objects)) Object.assign(each, noObjectUse());
  for (const meter of meters) meter.restart();
}

/** Counts the lines of a console, and still writes them. Call it once. */
export function meterLog(log: Pick<Console, 'debug' | 'error' | 'info' | 'log' | 'warn'>): void {
  for (const name of ['debug', 'error', 'info', 'log', 'warn'] as const) {
    tap(log, name, (_, [line]) => {
      const [, event = 'other'] = /^\{"event":"([^"]*)"/.exec(String(line)) ?? [];
      logLines[event] = (logLines[event] ?? 0) + 1;
    });
  }
}

/** Returns the meter of one object. Call it before the object's constructor, which may already write. */
export function meterOf(name: ObjectClass, state: MeteredState): ObjectMeter {
  const known = byState.get(state);
  if (known !== undefined) return known;
  const meter = new ObjectMeter(objects[name]);
  byState.set(state, meter);
  objects[name].wakes += 1;
  tapStorage(state.storage, objects[name]);
  tap(state, 'waitUntil', (_, [work]) => void meter.during(Promise.resolve(work).catch(() => undefined)));
  return meter;
}

/** Measures how long one object is busy. */
class ObjectMeter {
  readonly use: ObjectUse;
  #running = 0;
  #since = 0;

  constructor(use: ObjectUse) {
    this.use = use;
  }

  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** Counts current work from now. */
  restart(): void {
    this.#since = Date.now();
  }

  /** Counts the time of `work`. */
  async during<T>(work: Promise<T>): Promise<T> {
    if (this.#running === 0) {
      this.#since = Date.now();
      meters.add(this);
    }
    this.#running += 1;
    try {
      return await work;
    } finally {
      this.#running -= 1;
      if (this.#running === 0) {
        this.use.busyMs += Date.now() - this.#since;
        meters.delete(this);
      }
    }
  }
}

/** Counts rows as the platform does. Each call of the key-value interface is one. */
function tapStorage(storage: MeteredStorage, counts: ObjectUse): void {
  const written = () => {
    counts.rowsWritten += 1;
  };
  const read = () => {
    counts.rowsRead += 1;
  };
  for (const name of ['setAlarm', 'deleteAlarm'] as const) tap(storage, name, written);
  for (const name of ['put', 'delete'] as const) tap(storage.kv, name, written);
  for (const name of ['get', 'list'] as const) tap(storage.kv, name, read);
  tap(storage.sql, 'exec', (cursor: Cursor) => {
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

/** Calls `note` with the result of each call of a method. A result of `note` replaces it. */
function tap<T extends object, R>(
  object: T,
  name: string & keyof T,
  note: (result: R, args: unknown[]) => unknown,
): void {
  const method: unknown = Reflect.get(object, name);
  if (typeof method !== 'function') throw new TypeError(`${name} is no method`);
  const value = (...args: unknown[]) => {
    const result = Reflect.apply(method, object, args);
    return note(result, args) ?? result;
  };
  Object.defineProperty(object, name, { value });
}
