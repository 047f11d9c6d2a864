import type { MetricName } from './catalogue.ts';
import { type Counts, count, merge, observe } from './counts.ts';

/** When a hand-over is due: after so many events, or at an event after so many ms. */
export interface TallyPace {
  readonly events: number;
  readonly ms: number;
}

/** An object's: a message is about four events; a hand-over costs a call, and rows in the stats object. */
const OBJECT_PACE: TallyPace = { events: 2_000, ms: 300_000 };
/** What is not handed over yet stands in a socket's attachment, which is small. */
const MOST_SERIES = 64;

/**
 * What an object has counted and not handed over yet. It decides when that is due, always at an event, never by a
 * timer: a pending timer would keep the object from sleeping.
 */
export class Tally {
  #counts: Counts = {};
  #events = 0;
  #since: number;
  readonly #pace: TallyPace;

  /** @param since Unix ms from which the time to the first hand-over counts */
  constructor(since: number, pace: TallyPace = OBJECT_PACE) {
    this.#since = since;
    this.#pace = pace;
  }

  count(name: MetricName, by = 1, label?: string): void {
    count(this.#counts, name, by, label);
    this.#events += 1;
  }

  observe(name: MetricName, buckets: readonly number[], seconds: number): void {
    observe(this.#counts, name, buckets, seconds);
  }

  /** Takes up what stood in an attachment when the object fell asleep. */
  restore(counts: Counts): void {
    merge(this.#counts, counts);
  }

  get isEmpty(): boolean {
    return Object.keys(this.#counts).length === 0;
  }

  /** Whether it is time to hand over. @param now Unix ms */
  isDue(now: number): boolean {
    if (this.isEmpty) return false;
    return (
      this.#events >= this.#pace.events ||
      now - this.#since >= this.#pace.ms ||
      Object.keys(this.#counts).length >= MOST_SERIES
    );
  }

  /** What has gathered, as it stands. */
  peek(): Counts {
    return { ...this.#counts };
  }

  /** Takes all; the next hand-over is counted from `now` (Unix ms). */
  take(now: number): Counts {
    const counts = this.#counts;
    this.#counts = {};
    this.#events = 0;
    this.#since = now;
    return counts;
  }
}
