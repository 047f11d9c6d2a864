import type { Question } from './messages.ts';
import type { Answer, HeldRequest, Told } from './ports.ts';

/** More requests than this, or more of their characters, are not kept for a crash while they await an answer. */
const MOST = 10_000;
const MOST_SIZE = 256 * 2 ** 20;
/** A request that finds no relay is told so at the end of its time; that must come first, ms. */
const GRACE_MS = 5_000;

/** A request on its way, as one uid: each twin stands in it once. */
export interface Open {
  readonly question: Question;
  readonly held: HeldRequest;
  /** How many destinations the whole request has. */
  readonly total: number;
  /** Twin → its place among the request's destinations; those that have answered are gone. */
  readonly places: Map<number, number>;
  /** Twins whose part has left us. */
  readonly sent: Set<number>;
  /** Then nobody waits any longer; by `performance.now()`, which nobody sets. */
  readonly until: number;
}

/** Requests that are sent and not answered yet, by uid. What they hold is let go when their fate is known. */
export class Awaited {
  readonly #open = new Map<string, Open>();
  readonly #onFault: (error: unknown) => void;
  #size = 0;

  /** @param onFault told when Redis could not let go of a request */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** A request is about to be sent under this uid, or once more. The oldest gives way when there are too many. */
  add(uid: string, open: Open): void {
    this.#drop(uid);
    this.#open.set(uid, open);
    this.#size += open.held.size;
    for (const [oldest, { held }] of this.#open) {
      if (this.#open.size <= MOST && this.#size <= MOST_SIZE) break;
      this.#drop(oldest);
      held.end().catch(this.#onFault);
    }
  }

  find(uid: string): Question | undefined {
    return this.#open.get(uid)?.question;
  }

  /** The fate of `twin`'s part is known: the request could not be sent to it, or needs not be sent again. */
  async settle(uid: string, twin: number, told?: Told): Promise<void> {
    await this.#part(uid, twin, ({ held, total }, place) => held.settle(place, total, told));
  }

  /** `twin` has answered. Returns whether that was new; undefined, and nobody is told, when none was awaited of it. */
  answer(uid: string, twin: number, answer: Answer): Promise<boolean | undefined> {
    return this.#part(uid, twin, ({ held, total }, place) => held.answer(place, total, answer));
  }

  /** The twin's part is on its way. */
  sent(uid: string, twin: number): void {
    this.#open.get(uid)?.sent.add(twin);
  }

  /**
   * At an orderly stop, when the relays have all that was sent: it need not be sent again. Its answers find their
   * way by what Redis remembers.
   */
  async leave(): Promise<void> {
    const parts = [...this.#open].flatMap(([uid, { sent }]) => [...sent].map((twin) => ({ uid, twin })));
    await Promise.all(parts.map(({ uid, twin }) => this.settle(uid, twin)));
  }

  /** Lets go of all whose time is over. @param now by `performance.now()` */
  sweep(now: number): void {
    for (const [uid, { until, held }] of this.#open) {
      if (until + GRACE_MS > now) continue;
      this.#drop(uid);
      held.end().catch(this.#onFault);
    }
  }

  /** Ends a part that is open. What Redis refused stays open, until its time is over. */
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
      throw error;
    } finally {
      // Not before: until Redis has the note, who answers again is known by this only.
      if (open.places.size === 0 && this.#open.get(uid) === open) this.#drop(uid);
    }
  }

  #drop(uid: string): void {
    this.#size -= this.#open.get(uid)?.held.size ?? 0;
    this.#open.delete(uid);
  }
}
