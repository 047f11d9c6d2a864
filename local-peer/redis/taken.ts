import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RedisClient, RedisConnection } from './connection.ts';
import { fieldOf, HeldEntry, readField } from './held.ts';
import { KEYS } from './queues.ts';
import { TAKE } from './scripts.ts';

/** Taken at once: one round trip for many, and none that fills our memory. */
const MOST_BYTES = 16 * 2 ** 20;
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
  #lastOrder = 0;

  constructor(redis: RedisConnection, queue: string) {
    this.#redis = redis;
    this.#queue = queue;
    this.#keys = { moving: KEYS.moving(queue), taken: KEYS.taken(queue) };
  }

  /** Takes up to `most` entries, oldest first. @throws when Redis is away; what it gave then is left over */
  async take(most: number): Promise<HeldEntry[]> {
    const fields = Array.from({ length: most }, () => ({ order: this.#nextOrder(), uid: randomUUID() }));
    const { moving, taken } = this.#keys;
    const args = [String(MOST_BYTES), ...fields.map(({ order, uid }) => fieldOf(order, uid))];
    const take = () => this.#redis.once(TAKE, [moving, this.#queue, taken], args);
    const entries = texts.parse(await this.#redis.need(`taking from ${this.#queue}`, take));
    return entries.flatMap((text, n) => {
      const field = fields[n];
      return field === undefined ? [] : [this.#hold({ ...field, text, settled: new Set() })];
    });
  }

  /** Waits until there is an entry to take, or for `seconds`. @throws when Redis is away, or the queue is closed */
  async wait(seconds: number): Promise<void> {
    this.#waiting ??= this.#redis.waiting();
    const client = await this.#waiting;
    // It lies where the next take finds it first, whatever becomes of us until then.
    const move = () => client.blMove(this.#queue, this.#keys.moving, 'RIGHT', 'LEFT', seconds);
    await this.#redis.need(`waiting for ${this.#queue}`, move);
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

  #hold(entry: { order: number; uid: string; text: string; settled: ReadonlySet<number> }): HeldEntry {
    const field = fieldOf(entry.order, entry.uid);
    this.#inHands.add(field);
    return new HeldEntry(entry, this.#keys.taken, this.#redis, () => void this.#inHands.delete(field));
  }

  /** The time, in microseconds, and later than any before. */
  #nextOrder(): number {
    this.#lastOrder = Math.max(this.#lastOrder + 1, Date.now() * 1000);
    return this.#lastOrder;
  }
}
