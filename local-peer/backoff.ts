/** After the first loss it is tried again within this time, ms; each further failure doubles it. */
const FIRST_MS = 500;
/** However long a relay is away, it is tried at least this often, ms. */
const LONGEST_MS = 30_000;

/**
 * When to try again. Any time up to a limit that doubles (full jitter): those who lost the same one in the same
 * instant come back spread over the whole of it. A connection that opens proves little; its first message does.
 */
export class Backoff {
  readonly #random: () => number;
  readonly #longest: number;
  #failures = 0;

  /** @param random from 0 to 1 @param longest limit, ms */
  constructor(random: () => number = Math.random, longest = LONGEST_MS) {
    this.#random = random;
    this.#longest = longest;
  }

  /** Milliseconds until the next attempt, after one that failed or a connection that was lost. */
  next(): number {
    const limit = Math.min(FIRST_MS * 2 ** this.#failures, this.#longest);
    this.#failures += 1;
    return this.#random() * limit;
  }

  /** The other side has spoken. */
  reset(): void {
    this.#failures = 0;
  }
}
