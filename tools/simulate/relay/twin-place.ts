import type { SqlRow, SqlValue } from '../../../durable-objects/twin/storage/sql.ts';
import type { Product, TwinInstance } from '../world/product.ts';
import { type Cancel, Machine, type Process, type World } from '../world/world.ts';
import type { ServerSocket } from './server-socket.ts';
import { Storage } from './storage.ts';

/** An idle object loses its memory after this. */
const SLEEP_MS = 10_000;

/** Parts of a run that an object needs. */
export interface PlaceParts {
  readonly world: World;
  readonly product: Product;
  readonly env: object;
  readonly resolver: object;
  /** Whether its relay runs. */
  isUp(): boolean;
}

/** One twin at one relay, as the platform runs it: storage, sockets and an alarm outlive the object’s memory. */
export class TwinPlace {
  readonly twin: number;
  readonly machine: Machine;
  readonly storage = new Storage();
  readonly #parts: PlaceParts;
  #sockets: ServerSocket[] = [];
  #instance: TwinInstance | undefined;
  #alarm: Cancel = () => undefined;
  #sleep: Cancel = () => undefined;
  /** Calls that others wait for: each hears when the object dies. */
  readonly #callers = new Set<() => void>();

  constructor(twin: number, name: string, parts: PlaceParts) {
    this.twin = twin;
    this.#parts = parts;
    this.machine = new Machine(parts.world, name);
    this.machine.onEnd = () => this.#ended();
  }

  get sockets(): readonly ServerSocket[] {
    return this.#sockets;
  }

  /** Whether it needs to run: something happens in it without an event from outside. */
  get isBusy(): boolean {
    const { process } = this.machine;
    return process !== undefined && (process.timers.size > 0 || process.calls > 0 || this.#callers.size > 0);
  }

  /** Envelopes, or records of them, that it stores for somebody. */
  get holds(): number {
    return this.storage.rows('mailbox') + this.storage.rows('federation');
  }

  /** Runs something in the object, which wakes for it if it must. */
  run(act: (instance: TwinInstance, process: Process) => void): void {
    const { world } = this.#parts;
    const process = this.machine.process ?? this.#wake();
    world.as(process, () => {
      const instance = this.#instance;
      if (process.isAlive && instance !== undefined) act(instance, process);
    });
    this.#planSleep();
  }

  /** Notes that somebody waits for this object. @returns called when the answer has left */
  awaited(onDeath: () => void): () => void {
    this.#callers.add(onDeath);
    return () => this.#callers.delete(onDeath);
  }

  /** Has all sockets end: their relay is gone. */
  tearSockets(): void {
    for (const socket of this.#sockets) socket.tear();
    this.#sockets = [];
  }

  forget(socket: ServerSocket): void {
    this.#sockets = this.#sockets.filter((each) => each !== socket);
  }

  #wake(): Process {
    const process = this.machine.start();
    this.#parts.world.note(() => `${this.machine.name}: wakes`);
    this.#parts.world.as(process, () => {
      this.#instance = new this.#parts.product.TwinObject(this.#context(process), this.#parts.env);
    });
    return process;
  }

  #planSleep(): void {
    this.#sleep();
    this.#sleep = this.#parts.world.in(SLEEP_MS, undefined, () => {
      if (this.isBusy) this.#planSleep();
      else this.machine.crash('sleeps');
    });
  }

  #ended(): void {
    this.#instance = undefined;
    this.#sleep();
    for (const tell of this.#callers) tell();
    this.#callers.clear();
  }

  #context(process: Process): object {
    const { storage, machine } = this;
    const { world } = this.#parts;
    const write = (kind: string, act: () => void) => process.write(kind, act);
    return {
      id: { name: String(this.twin) },
      exports: { TwinResolver: this.#parts.resolver },
      waitUntil: (work: Promise<void>) => {
        work.catch((error: unknown) => world.note(() => `${machine.name}: background work failed: ${String(error)}`));
      },
      setWebSocketAutoResponse: () => undefined,
      getWebSocketAutoResponseTimestamp: (socket: ServerSocket) =>
        socket.answeredAt === undefined ? null : new Date(socket.answeredAt),
      acceptWebSocket: (socket: ServerSocket, tags: readonly string[]) => {
        if (!process.isAlive) return;
        socket.tags = tags;
        this.#sockets.push(socket);
      },
      getWebSockets: (tag?: string) => this.#sockets.filter(({ tags }) => tag === undefined || tags.includes(tag)),
      getTags: ({ tags }: ServerSocket) => tags,
      storage: {
        sql: {
          exec: (query: string, ...values: SqlValue[]) => {
            if (query.startsWith('SELECT')) return storage.exec(query, values);
            let rows: readonly SqlRow[] = [];
            write(`sql ${query.slice(0, 20)}`, () => {
              rows = storage.exec(query, values);
            });
            return rows;
          },
        },
        kv: {
          get: (key: string) => storage.get(key),
          put: (key: string, value: unknown) => write('put', () => storage.put(key, value)),
          delete: (key: string) => write('delete', () => storage.put(key, undefined)),
        },
        getAlarm: async () => storage.alarm ?? null,
        setAlarm: async (at: number) => write('alarm', () => this.#setAlarm(at)),
        deleteAlarm: async () => write('no alarm', () => this.#setAlarm(undefined)),
        transactionSync: (act: () => unknown) => act(),
      },
    };
  }

  #setAlarm(at: number | undefined): void {
    this.storage.alarm = at;
    this.#alarm();
    if (at === undefined) return;
    this.#alarm = this.#parts.world.in(at - this.machine.time, undefined, () => {
      // While its relay is down, it waits.
      if (!this.#parts.isUp()) return this.#setAlarm(this.machine.time + 500);
      this.storage.alarm = undefined;
      this.run((instance, process) => {
        const done = this.awaited(() => this.#setAlarm(this.machine.time + 1_000));
        instance.alarm().then(done, () => {
          done();
          process.effect('alarm again', () => this.#setAlarm(this.machine.time + 2_000));
        });
      });
    });
  }
}
