import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RedisClient, RedisConnection } from './connection.ts';
import { fieldOf, HeldEntry, readField } from './held.ts';
import { NotTaken } from './intake.ts';
import { KEYS } from './queues.ts';
import { TAKE } from './scripts.ts';

/** Taken at once: one round trip for many, and none that fills our memory. */
const MOST_BYTES = 16 * 2 ** 20;
/** A take has room for twice as many as came last, and for so many: each place takes a uid to Redis. */
const LEAST = 4;
/** So long Redis is waited for at once, seconds. */
const WAIT_SECONDS = 5;
/** Read back at once after a crash. */
const CHUNK = 32;
const texts = z.array(z.string());

/** A queue that programs write, taken so that nothing is lost between Redis and us. */
export class TakenQueue {
  readonly #redis: RedisConnection;
  readonly #queue: string;
  readonly #keys: { readonly moving: string; readonly taken: string };
  /** Fields of what is in our hands: all else in the hash was left by a crash. */
  readonly #inHands = new Set<string>();
  #waiting: Promise<RedisClient> | undefined;
  /** What was moved, or will be. */
  #next: Promise<string | null> | undefined;
  /** What has been moved, and waited for, and not been taken yet. */
  #moved: string | null = null;
  /** Made for entries that did not come. */
  readonly #uids: string[] = [];
  /** Entries that the next take has room for. */
  #room = LEAST;
  /** Microseconds since 1970, later than any before. */
  #nextOrder = 0;

  constructor(redis: RedisConnection, queue: string) {
    this.#redis = redis;
    this.#queue = queue;
    this.#keys = { moving: KEYS.moving(queue), taken: KEYS.taken(queue) };
  }

  /**
   * Takes up to `most` entries, oldest first; fewer, while few come. One that was waited for comes at once, while Redis
   * puts it into our hands. @throws when Redis is away; what it gave then is left over
   */
  async *take(most: number): AsyncGenerator<HeldEntry> {
    const client = await this.#connection();
    const order = Math.max(this.#nextOrder, Date.now() * 1000);
    const room = Math.min(most, this.#room);
    this.#nextOrder = order + room;
    const uids = Array.from({ length: room }, () => this.#uids.pop() ?? randomUUID());
    const uid = (n: number) => uids[n] ?? '';
    const moved = this.#moved;
    this.#moved = null;
    const taking = this.#takeAs(order, uids, client);
    // Its failure is looked at below.
    taking.catch(() => undefined);
    // In the same write: waiting for what comes next.
    this.#next ??= this.#move(client);
    if (moved !== null) {
      // That is on its way before work on the entry keeps the processor.
      await new Promise((resolve) => setImmediate(resolve));
      const entry = { order, uid: uid(0), text: moved, settled: new Set<number>() };
      yield this.#hold({ ...entry, taken: this.#confirmed(entry, taking) });
    }
    const entries = await taking;
    this.#uids.push(...uids.slice(entries.length));
    this.#room = Math.max(LEAST, 2 * entries.length);
    for (const [n, text] of entries.entries()) {
      if (n > 0 || text !== moved) yield this.#hold({ order: order + n, uid: uid(n), text, settled: new Set() });
    }
  }

  /** Waits until there may be an entry to take. @throws when Redis is away, or the queue is closed */
  async wait(): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    this.#moved = (await next) ?? null;
  }

  /** What a crash, ours or Redis's, left in our hands without our knowing, oldest first. */
  async *leftovers(): AsyncGenerator<HeldEntry> {
    const list = () => this.#redis.run((client) => client.hKeys(this.#keys.taken));
    const all = (await this.#redis.need(`looking for what is left of ${this.#queue}`, list)).sort();
    const settled = Map.groupBy(
      all.flatMap((field) => readField(field) ?? []).filter(({ place }) => place !== undefined),
      ({ order, uid }) => fieldOf(order, uid),
    );
    const entries = new Set(all);
    const orphans = [...settled]
      .filter(([field]) => !entries.has(field))
      .flatMap(([field, places]) => places.map(({ place }) => `${field}#${place}`));
    if (orphans.length > 0) await this.#redis.run((client) => client.hDel(this.#keys.taken, orphans));
    const left = all.filter((field) => !this.#inHands.has(field) && readField(field)?.place === undefined);
    for (let from = 0; from < left.length; from += CHUNK) {
      const fields = left.slice(from, from + CHUNK);
      const found = await this.#redis.run((client) => client.hmGet(this.#keys.taken, fields));
      for (const [n, text] of found.entries()) {
        const field = fields[n] ?? '';
        const parts = readField(field);
        if (text === null || parts === undefined) continue;
        const places = (settled.get(field) ?? []).flatMap(({ place }) => place ?? []);
        yield this.#hold({ ...parts, text, settled: new Set(places) });
      }
    }
  }

  /** Nobody waits any longer. */
  stop(): void {
    this.#waiting?.then(
      (client) => client.destroy(),
      () => undefined,
    );
  }

  #hold(entry: ConstructorParameters<typeof HeldEntry>[0]): HeldEntry {
    const field = fieldOf(entry.order, entry.uid);
    this.#inHands.add(field);
    return new HeldEntry(entry, this.#keys.taken, this.#redis, () => void this.#inHands.delete(field));
  }

  /** A connection of its own: what waits holds up whatever comes after it. */
  #connection(): Promise<RedisClient> {
    this.#waiting ??= this.#redis.waiting();
    this.#waiting.catch(() => {
      this.#waiting = undefined;
    });
    return this.#waiting;
  }

  /** The entries that were taken under these uids. */
  async #takeAs(order: number, uids: readonly string[], client: RedisClient): Promise<string[]> {
    const { moving, taken } = this.#keys;
    const args = [String(MOST_BYTES), String(order), uids.join('')];
    const take = () => this.#redis.once(TAKE, [moving, this.#queue, taken], args, client);
    return texts.parse(await this.#redis.need(`taking from ${this.#queue}`, take));
  }

  /** Resolves when the first that was taken is this one; otherwise it is out of our hands again. */
  #confirmed(entry: { order: number; uid: string; text: string }, taking: Promise<string[]>): Promise<void> {
    const letGo = () => {
      this.#inHands.delete(fieldOf(entry.order, entry.uid));
      throw new NotTaken();
    };
    const confirmed = taking.then(([first]) => (first === entry.text ? undefined : letGo()), letGo);
    // Whoever works on it learns it when it matters.
    confirmed.catch(() => undefined);
    return confirmed;
  }

  /** Moves an entry, when there is one, to where the next take finds it first, whatever becomes of us until then. */
  #move(client: RedisClient): Promise<string | null> {
    const move = () => client.blMove(this.#queue, this.#keys.moving, 'RIGHT', 'LEFT', WAIT_SECONDS);
    const next = this.#redis.need(`waiting for ${this.#queue}`, move);
    // Its failure is looked at by whoever waits.
    next.catch(() => undefined);
    return next;
  }
}
