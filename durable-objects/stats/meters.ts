import type { MetricName } from './catalogue.ts';
import { type Counts, count } from './counts.ts';

// For events of every message: only a number changes, and no name is looked up before the counts are reported.

/** A counter of one series. */
export class Meter {
  readonly #name: MetricName;
  #value = 0;

  constructor(name: MetricName) {
    this.#name = name;
  }

  /** Adds to the counter. */
  add(by: number): void {
    this.#value += by;
  }

  /** Moves the value into `counts`. */
  drainInto(counts: Counts): void {
    if (this.#value > 0) count(counts, this.#name, this.#value);
    this.#value = 0;
  }
}

/** A histogram of one metric: each observation counts in its bucket, and in the series with the label `sum`. */
export class Histogram {
  readonly #name: MetricName;
  readonly #bounds: readonly number[];
  readonly #buckets: number[];
  #sum = 0;

  constructor(name: MetricName, bounds: readonly number[]) {
    this.#name = name;
    this.#bounds = bounds;
    this.#buckets = new Array<number>(bounds.length + 1).fill(0);
  }

  /** Adds an observation. */
  observe(seconds: number): void {
    let bucket = 0;
    while (seconds > (this.#bounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#sum += seconds;
  }

  /** Moves the observations into `counts`. */
  drainInto(counts: Counts): void {
    this.#buckets.forEach((observed, bucket) => {
      if (observed > 0) count(counts, this.#name, observed, String(this.#bounds[bucket] ?? '+Inf'));
      this.#buckets[bucket] = 0;
    });
    if (this.#sum > 0) count(counts, this.#name, this.#sum, 'sum');
    this.#sum = 0;
  }
}
