/** Digests that are remembered: about 2 MB. */
const MOST = 10_000;
/** A relay whose 202 was lost brings an envelope again; more often than this it is a replay. */
const MOST_PASSES = 4;

interface Passed<Place> {
  passes: number;
  /** Unix seconds: afterwards the envelope is refused as expired. */
  readonly until: number;
  /** Where it was stored last. */
  place: Place | undefined;
}

/**
 * Envelopes of other relays that passed here, by the digest of their signed string, for as long as they live. In memory
 * alone: an object that sleeps or dies forgets them, and lets each pass four times again.
 */
export class Repeats<Place> {
  readonly #passed = new Map<string, Passed<Place>>();

  /** Whether this envelope must not pass: it passed four times, or still lies where it was stored. */
  isRepeat(digest: string, lies: (place: Place) => boolean): boolean {
    const passed = this.#passed.get(digest);
    if (passed === undefined) return false;
    return passed.passes >= MOST_PASSES || (passed.place !== undefined && lies(passed.place));
  }

  /**
   * Notes that an envelope passed, at `now`; it lives until `until` (both Unix seconds).
   * @param place where it was stored; undefined: it went to a socket
   */
  pass(digest: string, place: Place | undefined, until: number, now: number): void {
    const passed = this.#passed.get(digest);
    if (passed !== undefined) {
      passed.passes += 1;
      passed.place = place;
      return;
    }
    this.#passed.set(digest, { passes: 1, until, place });
    // The oldest go first, as far as they are over; one more when there is no room.
    for (const [oldest, { until: end }] of this.#passed) {
      if (end > now && this.#passed.size <= MOST) return;
      this.#passed.delete(oldest);
    }
  }
}
