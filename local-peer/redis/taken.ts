import { hash, randomUUID } from 'node:crypto';
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

/** An entry that was taken, or will be. */
type Taken = Omit<ConstructorParameters<typeof HeldEntry>[0], 'taken'>;

/** A queue that programs write, taken so that nothing is lost between Redis and us. */
export class TakenQueue {
  readonly #redis: RedisConnection;
  readonly #queue: string;
  readonly #keys: { readonly moving: string; readonly taken: string; readonly aside: string };
  /** Fields of what is in our hands: all else in the hash was left by a crash. */
  readonly #inHands = new Set<string>();
  #waiting: Promise<RedisClient> | undefined;
  /** What was moved, or will be; and after which take. */
  #next: { readonly text: Promise<string | null>; readonly after: number } | undefined;
  /** What has been moved, and waited for, and not been taken yet. */
  #moved: { readonly text: string; readonly after: number } | undefined;
  /** How often entries were taken. */
  #takes = 0;
  /** The uid of what is moved after that take. */
  #aside: { readonly uid: string; readonly after: number } | undefined;
  /** Made for entries that did not come. */
  readonly #uids: string[] = [];
  /** Entries that the next take has room for. */
  #room = LEAST;
  /** Microseconds since 1970, later than any before. */
  #nextOrder = 0;

  constructor(redis: RedisConnection, queue: string) {
    this.#redis = redis;
    this.#queue = queue;
    this.#keys = { moving: KEYS.moving(queue), taken: KEYS.taken(queue), aside: KEYS.aside(queue) };
  }

  /**
   * Takes up to `most` entries, oldest first; fewer, while few come. One that was waited for comes at once, when its uid
   * is known, while Redis puts it into our hands. @throws when Redis is away; what it gave then is left over
   */
  async *take(most: number): AsyncGenerator<HeldEntry> {
    const client = await this.#connection();
    const order = Math.max(this.#nextOrder, Date.now() * 1000);
    const room = Math.min(most, this.#room);
    this.#nextOrder = order + room;
    const early = this.#early(order);
    this.#moved = undefined;
    const taking = this.#takeAs(order, room, early?.text, client);
    // Its failure is looked at below.
    taking.catch(() => undefined);
    // In the same write: waiting for what comes next.
    this.#next ??= { text: this.#move(client), after: this.#takes };
    if (early !== undefined) {
      // That is on its way before work on the entry keeps the processor.
      await new Promise((resolve) => setImmediate(resolve));
      yield this.#hold({ ...early, taken: this.#confirmed(early, taking) });
    }
    const entries = await taking;
    this.#room = Math.max(LEAST, 2 * entries.length);
    for (const entry of entries) if (entry.uid !== early?.uid) yield this.#hold(entry);
  }

  /** Waits until there may be an entry to take. @throws when Redis is away, or the queue is closed */
  async wait(): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    const text = (await next?.text) ?? null;
    this.#moved = next === undefined || text === null ? undefined : { text, after: next.after };
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

  #hold(entry: Taken & { readonly taken?: Promise<unknown> }): HeldEntry {
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

  /** The entry that was moved, when Redis has set a uid aside for just this one. */
  #early(order: number): Taken | undefined {
    const [moved, aside] = [this.#moved, this.#aside];
    if (moved === undefined || aside?.after !== moved.after || aside.after !== this.#takes) return undefined;
    return { order, uid: aside.uid, text: moved.text, settled: new Set() };
  }

  /** Takes up to `room` entries. @param early the text of the one that has the uid which was set aside */
  async #takeAs(order: number, room: number, early: string | undefined, client: RedisClient): Promise<Taken[]> {
    this.#takes += 1;
    const after = this.#takes;
    const uids = Array.from({ length: room + 1 }, () => this.#uids.pop() ?? randomUUID());
    const { moving, taken, aside } = this.#keys;
    const args = [String(MOST_BYTES), String(order), uids.join(''), early === undefined ? '' : hash('sha1', early)];
    const take = () => this.#redis.once(TAKE, [moving, this.#queue, taken, aside], args, client);
    const [uid = '', ...flat] = texts.parse(await this.#redis.need(`taking from ${this.#queue}`, take));
    this.#aside = uid === '' ? undefined : { uid, after };
    const entries: Taken[] = [];
    for (let n = 0; 2 * n < flat.length; n += 1) {
      entries.push({ order: order + n, uid: flat[2 * n] ?? '', text: flat[2 * n + 1] ?? '', settled: new Set() });
    }
    const used = new Set([uid, ...entries.map((entry) => entry.uid)]);
    // Whether the last one was set aside is not said when more than one entry was moved.
    this.#uids.push(...uids.slice(0, -1).filter((each) => !used.has(each)));
    return entries;
  }

  /** Resolves when the entry was taken under its uid; otherwise it is out of our hands again. */
  #confirmed({ order, uid }: Taken, taking: Promise<Taken[]>): Promise<void> {
    const letGo = () => {
      this.#inHands.delete(fieldOf(order, uid));
      throw new NotTaken();
    };
    const confirmed = taking.then((entries) => (entries.some((each) => each.uid === uid) ? undefined : letGo()), letGo);
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
