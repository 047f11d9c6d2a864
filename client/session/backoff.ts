/** Limit of the first pause, ms; each further failure doubles it. */
const FIRST_MS = 500;
/** Largest limit, ms: a relay that comes back is found within half a minute. */
const LONGEST_MS = 30_000;
/** Failures after which the limit waits while nothing is reached, which makes it 2 s. */
const UNREACHED_FAILURES = 2;
/** So long it waits, ms: a relay that restarts is back by then, and programs wait for it. */
const UNREACHED_MS = 120_000;

/**
 * Pauses between attempts: a random time up to a limit that doubles (full jitter). Clients that lost the same relay at
 * the same moment come back spread over the whole limit. An open connection proves little; a later message resets it.
 * A dial that reached nobody is no load for a relay, so the limit stays short for the first two minutes of those.
 */
export class Backoff {
  readonly #random: () => number;
  readonly #longest: number;
  readonly #now: () => number;
  #failures = 0;
  #firstAt: number | undefined;

  /** @param random from 0 to 1 @param longest limit, ms @param now ms of one clock */
  constructor(random: () => number = Math.random, longest = LONGEST_MS, now = () => performance.now()) {
    this.#random = random;
    this.#longest = longest;
    this.#now = now;
  }

  /** Returns the pause before the next attempt, ms, after a failure or a loss. @param isUnreached whether nobody answered */
  next(isUnreached = false): number {
    this.#firstAt ??= this.#now();
    const waits = isUnreached && this.#now() - this.#firstAt < UNREACHED_MS;
    const doublings = waits ? Math.min(this.#failures, UNREACHED_FAILURES) : this.#failures;
    this.#failures = Math.max(this.#failures, doublings + (waits && doublings === UNREACHED_FAILURES ? 0 : 1));
    return this.#random() * Math.min(FIRST_MS * 2 ** doublings, this.#longest);
  }

  /** The other side has sent something. */
  reset(): void {
    this.#failures = 0;
    this.#firstAt = undefined;
  }
}
