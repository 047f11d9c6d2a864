import type { Count } from './job.ts';

/** More samples would only cost memory; the other messages are like these. */
const SAMPLES = 1_000_000;

/** Counts the messages of a thread. */
export class Tally {
  received = 0;
  accepted = 0;
  refused = 0;
  #latencies: number[] = [];

  /** Records the latency of a message, ms. */
  took(ms: number): void {
    if (this.#latencies.length < SAMPLES) this.#latencies.push(ms);
  }

  /** Returns the counts and resets them. */
  take(): Count {
    const { received, accepted, refused } = this;
    const latencies = Float64Array.from(this.#latencies);
    this.received = 0;
    this.accepted = 0;
    this.refused = 0;
    this.#latencies = [];
    return { received, accepted, refused, latencies };
  }
}
