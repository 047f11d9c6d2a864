import { Backoff } from '../session/backoff.ts';

/** Longest pause, ms; a node that worked for longer resets it. */
const LONGEST_MS = 10_000;

/**
 * Pauses before the next node is tried. A node may accept connections and still be useless, again and again: the time
 * that the last node worked decides.
 */
export class Retries {
  readonly #backoff: Backoff;

  /** @param random from 0 to 1 */
  constructor(random: () => number = Math.random) {
    this.#backoff = new Backoff(random, LONGEST_MS);
  }

  /** Returns the next pause, ms. @param stayed how long the last node worked, ms; 0 if it never did */
  next(stayed: number): number {
    if (stayed > LONGEST_MS) this.#backoff.reset();
    return this.#backoff.next();
  }
}
