import type { Accepted } from '../../proto/custody/outcome.ts';
import type { Question } from './messages.ts';
import type { GivenReply, HeldRequest, Told } from './ports.ts';

/** Pending requests that are kept for a crash, and their characters, give or take those that wait for a receipt. */
const MOST = 10_000;
const MOST_SIZE = 256 * 2 ** 20;
/** Failed parts: all of a minute in which each of 800 requests a second fails. A reply after one would be a second answer. */
const MOST_FAILED = 50_000;
/** A request without a relay fails at the end of its time; that error must come first, ms. */
const GRACE_MS = 5_000;

/** A pending request under one uid: each twin occurs once. */
export interface Open {
  readonly question: Question;
  readonly held: HeldRequest;
  /** Number of destinations of the whole request. */
  readonly total: number;
  /** Twin → its place among the request's destinations, until the twin has replied. */
  readonly places: Map<number, number>;
  /** Twin → who has custody of its envelope. */
  readonly accepted: Map<number, Accepted>;
  /** Twins that have begun to stream their replies. */
  streaming?: Set<number>;
  /** End of the request's time, by `performance.now()`. */
  readonly until: number;
}

/** Pending requests, by uid. Their entries in Redis are settled when their outcome is known. */
export class Awaited {
  readonly #open = new Map<string, Open>();
  /** Those that others have custody of altogether, the longest first. */
  readonly #released = new Set<string>();
  /** uid and twin of parts whose program has this peer's error → the end of their request's time, the oldest first. */
  readonly #failed = new Map<string, number>();
  readonly #onFault: (error: unknown) => void;
  #size = 0;

  /** @param onFault receives an error when Redis could not settle a request */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Adds a request before it is sent, or sent again. */
  add(uid: string, open: Open): void {
    this.#drop(uid);
    this.#open.set(uid, open);
    this.#size += open.held.size;
    this.#makeRoom();
  }

  find(uid: string): Question | undefined {
    return this.#open.get(uid)?.question;
  }

  /** Returns whether no reply of a twin has come, nor an error about it. */
  isPending(uid: string, twin: number): boolean {
    return this.#open.get(uid)?.places.has(twin) === true;
  }

  /** Settles `twin`'s part: it need not be sent again. */
  async settle(uid: string, twin: number): Promise<void> {
    await this.#part(uid, twin, ({ held, total }, place) => held.settle(place, total));
  }

  /** Ends `twin`'s part with an error for its program. A reply that comes later must not follow it. */
  async fail(uid: string, twin: number, told: Told): Promise<void> {
    await this.#part(uid, twin, ({ held, total, until }, place) => {
      this.#failed.set(partOf(uid, twin), until);
      return held.settle(place, total, told);
    });
    for (const oldest of this.#failed.keys()) {
      if (this.#failed.size <= MOST_FAILED) break;
      this.#failed.delete(oldest);
    }
  }

  /** Returns whether the program has this peer's error about a twin. */
  hasFailed(uid: string, twin: number): boolean {
    return this.#failed.has(partOf(uid, twin));
  }

  /** Takes a reply of `twin`. Returns whether it is new; undefined when no reply of this twin is pending. */
  reply(uid: string, twin: number, reply: GivenReply): Promise<boolean | undefined> {
    return this.#part(uid, twin, ({ held, total }, place) => held.reply(place, total, reply));
  }

  /** A reply of a stream came, and others follow. */
  streams(uid: string, twin: number): void {
    const open = this.#open.get(uid);
    if (open === undefined) return;
    open.streaming ??= new Set();
    open.streaming.add(twin);
  }

  /** Notes who has custody of the envelope for a twin. */
  accepted(uid: string, twin: number, outcome: Accepted): void {
    const open = this.#open.get(uid);
    if (open === undefined) return;
    open.accepted.set(twin, outcome);
    if (![...open.places.keys()].every((each) => open.accepted.has(each))) return;
    this.#released.add(uid);
    this.#makeRoom();
  }

  /**
   * Settles every part that somebody else has custody of, at a stop: the next start must not send it again. Its replies
   * find their program by the note in Redis. A stream that has begun is sent again: its twin waits for credit, and
   * answers a repeat with the replies that it has sent.
   * @param isClean whether the relays have all that they were handed: a plain relay gives no receipt
   */
  async leave(isClean: boolean): Promise<void> {
    const parts = [...this.#open].flatMap(([uid, { accepted, streaming }]) =>
      [...accepted]
        .filter(([twin, outcome]) => (isClean || outcome !== 'handed') && streaming?.has(twin) !== true)
        .map(([twin]) => ({ uid, twin })),
    );
    await Promise.all(parts.map(({ uid, twin }) => this.settle(uid, twin)));
  }

  /** Settles requests whose time is over. @param now by `performance.now()` */
  sweep(now: number): void {
    for (const [part, until] of this.#failed) if (until + GRACE_MS <= now) this.#failed.delete(part);
    for (const [uid, { until, held }] of this.#open) {
      if (until + GRACE_MS > now) continue;
      this.#drop(uid);
      held.end().catch(this.#onFault);
    }
  }

  /** Ends a pending part. A part that Redis refuses stays pending until its time is over. */
  async #part<T>(uid: string, twin: number, end: (open: Open, place: number) => Promise<T>): Promise<T | undefined> {
    const open = this.#open.get(uid);
    const place = open?.places.get(twin);
    if (open === undefined || place === undefined) return undefined;
    open.places.delete(twin);
    try {
      return await end(open, place);
    } catch (error) {
      if (!this.#open.has(uid)) this.add(uid, open);
      open.places.set(twin, place);
      this.#failed.delete(partOf(uid, twin));
      throw error;
    } finally {
      // Not earlier: until Redis has the mark, only this memory detects a second reply.
      if (open.places.size === 0 && this.#open.get(uid) === open) this.#drop(uid);
    }
  }

  /** Drops the oldest requests that others have custody of. Their replies find their programs by the notes in Redis. */
  #makeRoom(): void {
    for (const oldest of this.#released) {
      if (this.#open.size <= MOST && this.#size <= MOST_SIZE) return;
      const { held, total, places } = this.#open.get(oldest) ?? {};
      this.#drop(oldest);
      // Part by part: another round of the same request may wait for a receipt.
      for (const place of places?.values() ?? []) held?.settle(place, total ?? 0).catch(this.#onFault);
    }
  }

  #drop(uid: string): void {
    this.#released.delete(uid);
    this.#size -= this.#open.get(uid)?.held.size ?? 0;
    this.#open.delete(uid);
  }
}

function partOf(uid: string, twin: number): string {
  return `${twin} ${uid}`;
}
