/** A relay's pause for a destination counts up to this, seconds. */
const MOST_SECONDS = 60;
/** A pause is longer by up to this part of it: clients that were refused together must not come together. */
const JITTER = 0.25;
const MOST_DESTINATIONS = 1_024;

/**
 * Destinations of which a relay has said "overloaded, try again in N s". Nothing is sent to them for so long. It reads no
 * clock: `now` is ms of one clock that never goes back.
 */
export class Pauses {
  readonly #random: () => number;
  /** Twin → end of its pause, ms. */
  readonly #until = new Map<number, number>();

  /** @param random returns a number from 0 to 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Whether no destination pauses. */
  get isEmpty(): boolean {
    return this.#until.size === 0;
  }

  /** A relay names the seconds after which a twin may take more. A pause never becomes shorter. */
  pause(twin: number, seconds: number, now: number): void {
    const ms = Math.min(Math.max(seconds, 0), MOST_SECONDS) * 1000;
    const until = now + ms * (1 + this.#random() * JITTER);
    if (!this.#until.has(twin) && this.#until.size >= MOST_DESTINATIONS) this.#until.clear();
    this.#until.set(twin, Math.max(until, this.#until.get(twin) ?? 0));
  }

  /** Returns when the pause of a twin ends, ms; undefined when it has none. */
  until(twin: number, now: number): number | undefined {
    const until = this.#until.get(twin);
    if (until === undefined || until > now) return until;
    this.#until.delete(twin);
    return undefined;
  }
}
