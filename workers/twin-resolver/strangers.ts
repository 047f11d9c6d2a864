import { add, minuteOf, type RateWindow } from '../../durable-objects/twin/limits/rate-window.ts';
import { Flights } from './flights.ts';

/** The highest id is read again after this. A new twin waits at most as long until it is known. */
const COUNT_MS = 6_000;
/** Reads from the chain in a minute, for twins that neither memory nor KV knows. A cold start needs many. */
const DIALS_A_MINUTE = 3_000;

/**
 * Keeps strangers from exhausting the chain nodes: it knows the ids that no twin can have, and has a budget for the others.
 * Belongs to an isolate; may vanish at any time. Times in Unix ms.
 */
export class Strangers {
  readonly #flights = new Flights<undefined>();
  #lastId: number | undefined;
  #countedAt = Number.NEGATIVE_INFINITY;
  /** Whether an unknown twin was looked up. */
  #wereSeen = false;
  #dials: RateWindow | undefined;

  /** Notes a look-up of an unknown twin. From now on ids are compared with the highest one. */
  saw(): void {
    this.#wereSeen = true;
  }

  /** Notes that a twin of this id exists. */
  exists(id: number): void {
    if (this.#lastId !== undefined) this.#lastId = Math.max(this.#lastId, id);
  }

  /**
   * Returns whether no twin can have this id.
   * @param count reads the highest id; undefined if it is not known
   */
  async isBeyond(id: number, until: number, count: () => Promise<number | undefined>): Promise<boolean> {
    if (!this.#wereSeen || (this.#lastId !== undefined && id <= this.#lastId)) return false;
    if (Date.now() - this.#countedAt >= COUNT_MS) {
      await this.#flights.once(0, () => this.#count(count), until);
    }
    return this.#lastId !== undefined && id > this.#lastId;
  }

  /** Returns whether the chain may be read for an unknown twin. Counts a yes. */
  mayDial(now: number): boolean {
    const dials = add(this.#dials, minuteOf(now), 1, 0);
    if (dials.messages > DIALS_A_MINUTE) return false;
    this.#dials = dials;
    return true;
  }

  /** Gives back what was counted for reads that no node answered. */
  giveBack(reads: number, now: number): void {
    if (this.#dials?.minute === minuteOf(now)) this.#dials = add(this.#dials, minuteOf(now), -reads, 0);
  }

  async #count(count: () => Promise<number | undefined>): Promise<undefined> {
    // A request that waited for the flight before finds the id read.
    if (Date.now() - this.#countedAt < COUNT_MS) return undefined;
    const lastId = await count();
    this.#countedAt = Date.now();
    // Ids are never reused: a node that is behind must not lock newer twins out.
    if (lastId !== undefined) this.#lastId = Math.max(this.#lastId ?? 0, lastId);
    return undefined;
  }
}
