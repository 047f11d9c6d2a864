import { Backoff } from '../backoff.ts';

const LONGEST_MS = 10_000;

/**
 * How long until the next node is tried. A node that can be connected to may still be of no use, each time anew: what
 * counts is how long one has stayed.
 */
export class Retries {
  readonly #backoff: Backoff;

  /** @param random from 0 to 1 */
  constructor(random: () => number = Math.random) {
    this.#backoff = new Backoff(random, LONGEST_MS);
  }

  /** Milliseconds until then. @param stayed how long the last node was of use, ms; 0: never */
  next(stayed: number): number {
    if (stayed > LONGEST_MS) this.#backoff.reset();
    return this.#backoff.next();
  }
}
