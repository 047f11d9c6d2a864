/** Digests that are remembered, about 2 MB. */
const MOST = 10_000;
/** A relay repeats an envelope whose 202 was lost. More passes than this are a replay. */
const MOST_PASSES = 4;

interface Passed<Place> {
  passes: number;
  /** Unix seconds, after which the envelope is refused as expired. */
  readonly until: number;
  /** Where it was stored last; undefined if it went to a socket. */
  place: Place | undefined;
}

/**
 * Envelopes of other relays that passed here, by the digest of their signed string, until they expire. They are only in
 * memory: an object that sleeps or dies forgets them, and lets each pass four times again.
 */
export class Repeats<Place> {
  readonly #passed = new Map<string, Passed<Place>>();

  /**
   * Returns whether an envelope must not pass: it passed four times, or is still stored.
   * @param isStored whether the mailbox still has the envelope at a place
   */
  isRepeat(digest: string, isStored: (place: Place) => boolean): boolean {
    const passed = this.#passed.get(digest);
    if (passed === undefined) return false;
    return passed.passes >= MOST_PASSES || (passed.place !== undefined && isStored(passed.place));
  }

  /**
   * Notes that an envelope passed at `now`. It expires at `until` (both Unix seconds).
   * @param place where it was stored; undefined if it went to a socket
   */
  pass(digest: string, place: Place | undefined, until: number, now: number): void {
    const passed = this.#passed.get(digest);
    if (passed !== undefined) {
      passed.passes += 1;
      passed.place = place;
      return;
    }
    this.#passed.set(digest, { passes: 1, until, place });
    // Expired ones are removed, oldest first, and one more if there is no room.
    for (const [oldest, { until: end }] of this.#passed) {
      if (end > now && this.#passed.size <= MOST) return;
      this.#passed.delete(oldest);
    }
  }
}
