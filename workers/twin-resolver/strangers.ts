import { add, minuteOf, type RateWindow } from '../../durable-objects/twin/rate-window.ts';
import { Flights } from './flights.ts';

/** The highest id is read again after so long: a twin that was just created waits no longer to be known (ms). */
const COUNT_MS = 6_000;
/** Twins that neither memory nor KV knows are read from the chain so often in a minute. A cold start needs many. */
const DIALS_A_MINUTE = 3_000;

/**
 * What keeps strangers from spending the chain: ids that no twin can have, and a budget for the others. Belongs to an
 * isolate; may vanish at any time. Times in Unix ms.
 */
export class Strangers {
  readonly #flights = new Flights<undefined>();
  #lastId: number | undefined;
  #countedAt = Number.NEGATIVE_INFINITY;
  /** Somebody asked for an id that no twin has. */
  #wereSeen = false;
  #dials: RateWindow | undefined;

  /** Somebody asked for an id that no twin has: from now on high ids are compared with the highest one. */
  saw(): void {
    this.#wereSeen = true;
  }

  /** A twin of this id exists. */
  exists(id: number): void {
    if (this.#lastId !== undefined) this.#lastId = Math.max(this.#lastId, id);
  }

  /**
   * Whether no twin can have this id.
   * @param count reads the highest id; undefined when nobody can tell
   */
  async isBeyond(id: number, until: number, count: () => Promise<number | undefined>): Promise<boolean> {
    if (!this.#wereSeen || (this.#lastId !== undefined && id <= this.#lastId)) return false;
    if (Date.now() - this.#countedAt >= COUNT_MS) {
      await this.#flights.once(0, () => this.#count(count), until);
    }
    return this.#lastId !== undefined && id > this.#lastId;
  }

  /** Whether the chain may be asked for a twin that nothing is known of; a yes is counted. */
  mayDial(now: number): boolean {
    const dials = add(this.#dials, minuteOf(now), 1, 0);
    if (dials.messages > DIALS_A_MINUTE) return false;
    this.#dials = dials;
    return true;
  }

  async #count(count: () => Promise<number | undefined>): Promise<undefined> {
    // Somebody who waited for the flight before this one finds it counted.
    if (Date.now() - this.#countedAt < COUNT_MS) return undefined;
    const lastId = await count();
    this.#countedAt = Date.now();
    // Ids are never given back: a node that is behind must not lock newer twins out.
    if (lastId !== undefined) this.#lastId = Math.max(this.#lastId ?? 0, lastId);
    return undefined;
  }
}
