import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RedisClient, RedisConnection } from './connection.ts';
import { fieldOf, HeldEntry } from './held.ts';
import { leftIn } from './leftovers.ts';
import { isNamedBy, Moved, orderOf, saltAt, uidOf } from './moved.ts';
import { KEYS } from './queues.ts';
import { TAKE } from './scripts.ts';

/** Taken at once: one round trip for many, and none that fills our memory. */
const MOST_BYTES = 16 * 2 ** 20;
/** A take has room for twice as many as came last, and for so many: each place takes a uid to Redis. */
const LEAST = 4;
/** So long Redis is waited for at once, seconds. */
const WAIT_SECONDS = 5;
const NONE: ReadonlySet<number> = new Set();
const taken = z.tuple([z.array(z.string()), z.array(z.string())]);

/** Fields for entries that come: by order one after the other, each under a uid. */
interface Places {
  readonly order: number;
  /** Of the first one that was moved before a crash: it may have left then. undefined: as the others. */
  readonly since: number | undefined;
  readonly uids: readonly string[];
}

/** What a take says beside: the salt of what is moved next, and what was moved before, and has left. */
interface Behind {
  readonly salt: string;
  readonly text: string;
  /** Its own; '' when it needs none. */
  readonly field: string;
}

/** What TAKE is told. */
type Words = readonly [keys: string[], args: string[]];

/** An entry, and its field. */
interface Found {
  readonly order: number;
  readonly uid: string;
  readonly text: string;
}

/** A queue that programs write, taken so that nothing is lost between Redis and us. */
export class TakenQueue {
  readonly #redis: RedisConnection;
  readonly #queue: string;
  readonly #keys: { readonly moving: string; readonly taken: string; readonly salt: string };
  /** Fields of what is in our hands: all else in the hash was left by a crash. */
  readonly #inHands = new Set<string>();
  #waiting: Promise<RedisClient> | undefined;
  /** What was moved, or will be. */
  #next: Promise<Moved | undefined> | undefined;
  /** What has been moved, and waited for, and not been taken yet. */
  #moved: Moved | undefined;
  /** Made for entries that did not come. */
  readonly #uids: string[] = [];
  /** Entries that the next take has room for. */
  #room = LEAST;
  /** Microseconds since 1970, later than any before. */
  #nextOrder = 0;
  /** Nothing was taken yet: what was moved is of a life before. */
  #isFirst = true;

  constructor(redis: RedisConnection, queue: string) {
    this.#redis = redis;
    this.#queue = queue;
    this.#keys = { moving: KEYS.moving(queue), taken: KEYS.taken(queue), salt: KEYS.salt(queue) };
  }

  /**
   * Takes up to `most` entries, oldest first; fewer, while few come. One that was waited for comes at once, before
   * Redis has put it into our hands. @throws when Redis is away; what it gave then is left over
   */
  async *take(most: number): AsyncGenerator<HeldEntry> {
    const client = await this.#connection();
    const moved = this.#moved;
    this.#moved = undefined;
    const order = Math.max(this.#nextOrder, Date.now() * 1000);
    const room = Math.min(most, this.#room);
    this.#nextOrder = order + 1 + room;
    const taking = this.#takeBehind(moved, order, room, client);
    // Its failure is looked at below.
    taking.catch(() => undefined);
    if (moved !== undefined) yield this.#hold({ order, uid: moved.uid, text: moved.text }, NONE, moved);
    for (const found of await taking) yield this.#hold(found);
  }

  /** Waits until there may be an entry to take. @throws when Redis is away, or the queue is closed */
  async wait(): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    this.#moved = await next;
  }

  /** What a crash, ours or Redis's, left in our hands without our knowing, oldest first. */
  async *leftovers(): AsyncGenerator<HeldEntry> {
    const hash = { redis: this.#redis, key: this.#keys.taken, queue: this.#queue };
    for await (const found of leftIn(hash, (field) => this.#inHands.has(field))) {
      yield this.#hold(found, found.settled);
    }
  }

  /** Nobody waits any longer. */
  stop(): void {
    this.#waiting?.then(
      (client) => client.destroy(),
      () => undefined,
    );
  }

  #hold({ order, uid, text }: Found, settled = NONE, moved?: Moved): HeldEntry {
    const field = fieldOf(order, uid);
    this.#inHands.add(field);
    const entry = { order, uid, text, settled, moved };
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

  /**
   * Takes what there is, as soon as it is known what becomes of what was moved, and waits for more in the same write.
   * @param order of what was moved @param room for so many behind it
   * @returns what was taken beside it
   */
  async #takeBehind(moved: Moved | undefined, order: number, room: number, client: RedisClient): Promise<Found[]> {
    const isLeft = (await moved?.fate()) === 'left';
    const field = moved === undefined || isLeft ? '' : fieldOf(order, moved.uid);
    const since = this.#isFirst ? await this.#lastWait() : undefined;
    const uids = Array.from({ length: room }, () => this.#uids.pop() ?? randomUUID());
    const places = { order: order + 1, since, uids };
    const salt = saltAt(order);
    const words = this.#words(places, { salt, text: moved?.text ?? '', field });
    const taking = this.#takeInto(places, words, client);
    if (this.#next === undefined) this.#next = this.#move(client, salt);
    else this.#doubtNext();
    try {
      const found = await taking;
      moved?.settle();
      this.#uids.push(...places.uids.slice(found.length));
      this.#room = Math.max(LEAST, 2 * found.length);
      return found;
    } catch (error) {
      this.#doubtNext();
      if (moved !== undefined) await this.#finish(moved, words);
      throw error;
    }
  }

  /** The entries that were taken into these places. */
  async #takeInto({ order, since = order, uids }: Places, [keys, args]: Words, client: RedisClient): Promise<Found[]> {
    // By another connection it comes after the move that was sent behind it, and takes what that has moved.
    const doubt = () => this.#doubtNext();
    const take = () => this.#redis.once(TAKE, keys, args, client, doubt);
    const [texts, known] = taken.parse(await this.#redis.need(`taking from ${this.#queue}`, take));
    const orderAt = (n: number) => (n < known.length ? since : order) + n;
    return texts.map((text, n) => ({ order: orderAt(n), uid: known[n] ?? uids[n] ?? '', text }));
  }

  /** When a peer before us began to wait for what it moved last: it had its time from then, whenever it is taken up. */
  async #lastWait(): Promise<number | undefined> {
    // Behind the next take something of this life may be moved.
    this.#isFirst = false;
    const salt = await this.#redis.bytes(this.#keys.salt);
    return salt === null ? undefined : orderOf(salt.toString());
  }

  /** The take of what has left is given again, as nobody knows whether it came about. What it takes beside is left over. */
  async #finish(moved: Moved, [keys, args]: Words): Promise<void> {
    await this.#redis.evaluate(TAKE, keys, args).then(
      () => moved.settle(),
      (error: unknown) => moved.fail(error),
    );
  }

  #words({ order, since, uids }: Places, { salt, text, field }: Behind): Words {
    const { moving, taken, salt: kept } = this.#keys;
    return [
      [moving, this.#queue, taken, kept],
      [String(MOST_BYTES), String(order), uids.join(''), salt, text, field, String(since ?? '')],
    ];
  }

  /** What is moved next may have been taken already when we hear of it: it waits for the take that says so. */
  #doubtNext(): void {
    this.#next = this.#next?.then(() => undefined);
    this.#next?.catch(() => undefined);
  }

  /**
   * Moves an entry, when there is one, to where the next take finds it first, whatever becomes of us until then.
   * @param salt that Redis has by then @returns it, when its text says which one it is
   */
  #move(client: RedisClient, salt: string): Promise<Moved | undefined> {
    const move = () => client.blMove(this.#queue, this.#keys.moving, 'RIGHT', 'LEFT', WAIT_SECONDS);
    const next = this.#redis
      .need(`waiting for ${this.#queue}`, move)
      .then((text) => (text === null || !isNamedBy(text) ? undefined : new Moved(text, uidOf(salt, text), client)));
    // Its failure is looked at by whoever waits.
    next.catch(() => undefined);
    return next;
  }
}
