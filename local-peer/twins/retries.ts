const RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/**
 * How long until the next node is tried. A node that can be connected to may still be of no use, each time anew: what
 * counts is how long one has stayed.
 */
export class Retries {
  #failures = 0;

  /** At most so many ms. @param stayed how long the last node was of use, ms; 0: never */
  limit(stayed: number): number {
    if (stayed > LONGEST_RETRY_MS) this.#failures = 0;
    const limit = Math.min(RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
    this.#failures += 1;
    return limit;
  }
}
