/** Lives end in slices of this many seconds: a request counts up to one slice too long. */
const SLICE_SECONDS = 64;

/** Limits of requests that are alive at once: of all twins, and of one. */
export interface OutstandingLimits {
  readonly all: number;
  readonly each: number;
}

/**
 * Counts requests whose repeats must still be known, by source twin. Otherwise a twin could fill the memory with marks
 * of requests that live for a day.
 */
export class Outstanding {
  readonly #limits: OutstandingLimits;
  readonly #now: () => number;
  readonly #bySource = new Map<number, number>();
  /** Slice in which lives end → source → how many. */
  readonly #ending = new Map<number, Map<number, number>>();
  #all = 0;
  #swept = 0;

  /** @param now seconds, by a monotonic clock */
  constructor(limits: OutstandingLimits, now = () => performance.now() / 1000) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Returns whether there is room for one more request of this twin. */
  hasRoom(source: number): boolean {
    this.#sweep();
    return this.#all < this.#limits.all && (this.#bySource.get(source) ?? 0) < this.#limits.each;
  }

  /** Counts a request of this twin whose envelope lives for `seconds`. */
  add(source: number, seconds: number): void {
    const slice = Math.floor((this.#now() + seconds) / SLICE_SECONDS) + 1;
    const ending = this.#ending.get(slice) ?? new Map<number, number>();
    ending.set(source, (ending.get(source) ?? 0) + 1);
    this.#ending.set(slice, ending);
    this.#bySource.set(source, (this.#bySource.get(source) ?? 0) + 1);
    this.#all += 1;
  }

  #sweep(): void {
    const slice = Math.floor(this.#now() / SLICE_SECONDS);
    if (slice === this.#swept) return;
    this.#swept = slice;
    for (const [end, sources] of this.#ending) {
      if (end > slice) continue;
      this.#ending.delete(end);
      for (const [source, count] of sources) this.#take(source, count);
    }
  }

  #take(source: number, count: number): void {
    this.#all -= count;
    const left = (this.#bySource.get(source) ?? 0) - count;
    if (left > 0) this.#bySource.set(source, left);
    else this.#bySource.delete(source);
  }
}
