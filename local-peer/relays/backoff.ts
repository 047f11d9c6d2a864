/** After the first loss a relay is tried again within this time, ms; each further failure doubles it. */
const FIRST_MS = 500;
/** However long a relay is away, it is tried at least this often. */
const LONGEST_MS = 30_000;

/**
 * When to try again. Any time up to a limit that doubles (full jitter): those who lost the same relay in the same
 * instant come back spread over the whole of it. A connection that opens proves little; its first message does.
 */
export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  /** @param random from 0 to 1 */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds until the next attempt, after one that failed or a connection that was lost. */
  next(): number {
    const limit = Math.min(FIRST_MS * 2 ** this.#failures, LONGEST_MS);
    this.#failures += 1;
    return this.#random() * limit;
  }

  /** The other side has spoken. */
  reset(): void {
    this.#failures = 0;
  }
}
