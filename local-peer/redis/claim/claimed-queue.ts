import { z } from 'zod';
import type { Log } from '../../../client/ports.ts';
import { freshUid } from '../../../client/sending/uid.ts';
import type { CountEvent } from '../../bridge/events.ts';
import type { RedisClient, RedisConnection } from '../connection/connection.ts';
import { KEYS } from '../queues.ts';
import { CLAIM } from '../scripts.ts';
import { ClaimedEntry, type EntryParts, type EntryWatch, fieldOf, readField } from './claimed-entry.ts';
import { leftIn } from './leftovers.ts';
import { adoptPreviousRelease } from './previous-release.ts';
import { digestOf, RecentClaims } from './recent-claims.ts';

/** One claim returns at most this much, so that it cannot fill the peer's memory. */
const MOST_BYTES = 16 * 2 ** 20;
/** A claim has room for twice as many entries as the last one found, and at least this many. */
const LEAST = 4;
/** One blocking wait in Redis. */
const WAIT_SECONDS = 5;
const NONE: ReadonlySet<number> = new Set();
/** null: the last claim in Redis is another one than the peer knows. */
const claimed = z.array(z.string()).nullable();

/** Parts of the peer that a queue needs. */
export interface QueueParts {
  readonly log: Log;
  readonly count: CountEvent;
}

/**
 * A queue that programs write. One script claims its entries: it moves them into a hash, under uids that the peer
 * chose. The peer processes an entry only after Redis has answered.
 */
export class ClaimedQueue {
  readonly #redis: RedisConnection;
  readonly #queue: string;
  readonly #parts: QueueParts;
  readonly #keys: { readonly claimed: string; readonly lastClaim: string };
  /** Fields of entries in the peer's memory. */
  readonly #inHands = new Set<string>();
  readonly #recent = new RecentClaims();
  /** One for all entries: thousands of them may be in memory. */
  readonly #watch: EntryWatch;
  #waiting: Promise<RedisClient> | undefined;
  /** The order of the last claim, as Redis has it; '' when Redis has none, undefined before the peer has asked. */
  #last: string | undefined;
  /** Uids of a claim that found fewer entries. */
  readonly #uids: string[] = [];
  #room = LEAST;
  /** Microseconds since 1970, later than any order before. */
  #nextOrder = 0;
  #isAdopted = false;

  constructor(redis: RedisConnection, queue: string, parts: QueueParts) {
    this.#redis = redis;
    this.#queue = queue;
    this.#parts = parts;
    this.#watch = {
      onEnd: (field) => void this.#inHands.delete(field),
      onLost: (what, why, fields, isFirst) => {
        parts.count('entry-lost', what);
        if (isFirst) parts.log.warn(fields, `gave up a ${what}: ${why}`);
      },
    };
    this.#keys = { claimed: KEYS.claimed(queue), lastClaim: KEYS.lastClaim(queue) };
  }

  /**
   * Waits up to 5 s for entries, then claims up to `most` of them, oldest first. The wait moves nothing: it takes the
   * last entry and puts it back. The claim is sent with it, so Redis runs it as soon as the wait ends.
   * When Redis is no longer as the peer left it, gives what `leftovers` finds there.
   * @throws when Redis is away: `leftovers` comes first then
   */
  async *claim(most: number): AsyncGenerator<ClaimedEntry> {
    const client = await this.#connection();
    const room = Math.min(most, this.#room);
    const order = Math.max(this.#nextOrder, Date.now() * 1000);
    this.#nextOrder = order + room;
    const uids = Array.from({ length: room }, () => this.#uids.pop() ?? freshUid());
    const wait = () => client.blMove(this.#queue, this.#queue, 'RIGHT', 'RIGHT', WAIT_SECONDS);
    const waiting = this.#redis.need(`waiting for ${this.#queue}`, wait);
    waiting.catch(() => undefined);
    const fields = uids.map((uid, n) => fieldOf(order + n, uid));
    const texts = await this.#claimAs(fields, this.#last ?? '', client);
    if (texts === undefined) return yield* this.leftovers();
    this.#uids.push(...uids.slice(texts.length));
    this.#room = Math.max(LEAST, 2 * texts.length);
    const claimedAt = Math.floor(Date.now() / 1000);
    for (const [n, text] of texts.entries()) {
      yield this.#hold({ order: order + n, uid: uids[n] ?? '', text, settled: NONE, claimedAt });
    }
    // A full Redis refuses to wait: the caller must not try again at once.
    await waiting;
  }

  /** Claimed entries that the peer does not have in memory, oldest first. An entry that it has settled is dropped. */
  async *leftovers(): AsyncGenerator<ClaimedEntry> {
    if (!this.#isAdopted) await adoptPreviousRelease(this.#redis, this.#queue);
    this.#isAdopted = true;
    this.#last = await this.#lookBack();
    const hash = { redis: this.#redis, key: this.#keys.claimed, queue: this.#queue };
    let dropped = 0;
    for await (const found of leftIn(hash, (field) => this.#inHands.has(field))) {
      const isSettled = this.#recent.has(fieldOf(found.order, found.uid));
      const entry = this.#hold({ ...found, claimedAt: Math.floor(found.order / 1e6) });
      if (isSettled) {
        dropped += 1;
        this.#parts.count('entry-restored');
        await entry.end();
      } else yield entry;
    }
    if (dropped === 0) return;
    const message = 'Redis: an older copy came back; dropped entries that this peer had settled';
    this.#parts.log.warn({ queue: this.#queue, entries: dropped }, message);
  }

  /** Ends the wait of `claim`. */
  stop(): void {
    this.#waiting?.then(
      (client) => client.destroy(),
      () => undefined,
    );
  }

  #hold(found: EntryParts): ClaimedEntry {
    const field = fieldOf(found.order, found.uid);
    this.#inHands.add(field);
    this.#recent.add(field, found.text);
    return new ClaimedEntry(found, { key: this.#keys.claimed, field }, this.#redis, this.#watch);
  }

  /** A connection of its own: a blocking wait holds up every command behind it. */
  #connection(): Promise<RedisClient> {
    this.#waiting ??= this.#redis.waiting();
    this.#waiting.catch(() => {
      this.#waiting = undefined;
    });
    return this.#waiting;
  }

  /**
   * Claims entries into these fields.
   * @param last the order of the last claim that the peer knows of
   * @returns undefined when Redis has another one: nothing is claimed then
   */
  async #claimAs(fields: readonly string[], last: string, client?: RedisClient): Promise<string[] | undefined> {
    const keys = [this.#queue, this.#keys.claimed, this.#keys.lastClaim];
    const args = [last, String(MOST_BYTES), fields.join('')];
    const claim = () => this.#redis.once(CLAIM, keys, args, client);
    const texts = claimed.parse(await this.#redis.need(`claiming from ${this.#queue}`, claim));
    if (texts === null) return undefined;
    const field = readField(fields[texts.length - 1] ?? '');
    if (field !== undefined) this.#last = field.orderText;
    return texts;
  }

  /** Compares the last claim in Redis with the one that the peer knows. Returns the one in Redis. */
  async #lookBack(): Promise<string> {
    const get = () => this.#redis.run((client) => client.get(this.#keys.lastClaim));
    const last = (await this.#redis.need(`looking for the last claim of ${this.#queue}`, get)) ?? '';
    const known = this.#last ?? '';
    if (last >= known) return last;
    if (last !== '') return this.#reclaim(last);
    const message = 'Redis: what this peer kept there is gone (FLUSHALL, or a key was deleted)';
    this.#parts.log.warn({ queue: this.#queue }, message);
    return last;
  }

  /**
   * Redis went back to an older copy, as after a failover to a replica that lagged. The entries that were claimed since
   * are at the end of the queue again, in order: each goes back under its old uid.
   * @param last the order of the last claim in that copy
   */
  async #reclaim(last: string): Promise<string> {
    let [before, entries] = [last, 0];
    for (const { field, digest } of this.#recent.after(last)) {
      const text = await this.#redis.run((client) => client.lIndex(this.#queue, -1));
      if (text === null || digestOf(text) !== digest) break;
      if ((await this.#claimAs([field], before))?.length !== 1) break;
      [before, entries] = [readField(field)?.orderText ?? before, entries + 1];
    }
    const message = 'Redis: an older copy came back; entries that were claimed since keep their uids';
    this.#parts.log.warn({ queue: this.#queue, entries }, message);
    return before;
  }
}
