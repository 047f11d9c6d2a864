import type { MetricName } from './catalogue.ts';
import { type Counts, count, merge, mergeBounded } from './counts.ts';

/** When a hand-over is due: after so many events, or at an event after so many ms. */
export interface TallyPace {
  readonly events: number;
  readonly ms: number;
}

/** An object's; a hand-over costs a call, and rows in the stats object. */
const OBJECT_PACE: TallyPace = { events: 1_000, ms: 300_000 };
/** Many events alone make none due sooner after the last one: nobody reads figures more often (ms). */
const SOONEST_MS = 5_000;
/** What is not handed over yet stands in a socket's attachment, which is small. */
const MOST_SERIES = 64;
/** Of these a metric has at most so many labels. */
const MOST_LABELS = 16;

/** Counts of what happens too often to be looked up by name. */
export interface Source {
  drainInto(counts: Counts): void;
}

/**
 * What an object has counted and not handed over yet. It decides when that is due, always at an event, never by a
 * timer: a pending timer would keep the object from sleeping.
 */
export class Tally {
  readonly #pace: TallyPace;
  readonly #sources: readonly Source[];
  #counts: Counts = {};
  #events = 0;
  #since: number;
  #takenAt = Number.NEGATIVE_INFINITY;

  /** @param since Unix ms from which the time to the first hand-over counts */
  constructor(since: number, pace: TallyPace = OBJECT_PACE, sources: readonly Source[] = []) {
    this.#since = since;
    this.#pace = pace;
    this.#sources = sources;
  }

  count(name: MetricName, by = 1, label?: string): void {
    const counts: Counts = {};
    count(counts, name, by, label);
    mergeBounded(this.#counts, counts, MOST_LABELS);
    this.#events += 1;
  }

  /** Something happened that a source, or somebody else, has counted. */
  happened(times = 1): void {
    this.#events += times;
  }

  /** Takes up what stood in an attachment when the object fell asleep. */
  restore(counts: Counts): void {
    merge(this.#counts, counts);
  }

  /** Whether it is time to hand over. @param now Unix ms */
  isDue(now: number): boolean {
    if (this.#events === 0) return false;
    if (now - this.#since >= this.#pace.ms) return true;
    if (this.#events >= this.#pace.events && now - this.#takenAt >= SOONEST_MS) return true;
    return Object.keys(this.peek()).length >= MOST_SERIES;
  }

  /** What has gathered, as it stands. */
  peek(): Counts {
    for (const source of this.#sources) source.drainInto(this.#counts);
    return { ...this.#counts };
  }

  /** Takes all; the next hand-over is counted from `now` (Unix ms). */
  take(now: number): Counts {
    const counts = this.peek();
    this.#counts = {};
    this.#events = 0;
    this.#since = now;
    this.#takenAt = now;
    return counts;
  }
}
