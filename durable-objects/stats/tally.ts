import type { MetricName } from './catalogue.ts';
import { type Counts, count, merge, mergeBounded } from './counts.ts';

/** When counts are reported: after so many events, or at an event after so many ms. */
export interface TallyPace {
  readonly events: number;
  readonly ms: number;
}

/** For an object. A report costs a call, and rows in the stats object. */
const OBJECT_PACE: TallyPace = { events: 1_000, ms: 300_000 };
/** Many events cause no report sooner after the last one: nobody reads metrics more often. */
const SOONEST_MS = 5_000;
/** Unreported counts are kept in a socket's attachment, which is small. */
const MOST_SERIES = 64;
/** Labels of one metric among them. */
const MOST_LABELS = 16;

/** Counts of events that are too frequent for a look-up by name. */
export interface Source {
  drainInto(counts: Counts): void;
}

/**
 * The unreported counts of an object. It decides when to report them: always at an event, never by a timer, because a
 * pending timer would keep the object awake.
 */
export class Tally {
  readonly #pace: TallyPace;
  readonly #sources: readonly Source[];
  #counts: Counts = {};
  #events = 0;
  #since: number;
  #takenAt = Number.NEGATIVE_INFINITY;

  /** @param since Unix ms from which the time to the first report counts */
  constructor(since: number, pace: TallyPace = OBJECT_PACE, sources: readonly Source[] = []) {
    this.#since = since;
    this.#pace = pace;
    this.#sources = sources;
  }

  /** Counts an event. */
  count(name: MetricName, by = 1, label?: string): void {
    const counts: Counts = {};
    count(counts, name, by, label);
    mergeBounded(this.#counts, counts, MOST_LABELS);
    this.#events += 1;
  }

  /** Notes events that a source, or another object, has counted. */
  happened(times = 1): void {
    this.#events += times;
  }

  /** Adds counts that were kept during a sleep. */
  restore(counts: Counts): void {
    merge(this.#counts, counts);
  }

  /** Returns whether it is time for a report. @param now Unix ms */
  isDue(now: number): boolean {
    if (this.#events === 0) return false;
    if (now - this.#since >= this.#pace.ms) return true;
    if (this.#events >= this.#pace.events && now - this.#takenAt >= SOONEST_MS) return true;
    return Object.keys(this.peek()).length >= MOST_SERIES;
  }

  /** Returns all counts. */
  peek(): Counts {
    for (const source of this.#sources) source.drainInto(this.#counts);
    return { ...this.#counts };
  }

  /** Removes and returns all counts. The time to the next report counts from `now` (Unix ms). */
  take(now: number): Counts {
    const counts = this.peek();
    this.#counts = {};
    this.#events = 0;
    this.#since = now;
    this.#takenAt = now;
    return counts;
  }
}
