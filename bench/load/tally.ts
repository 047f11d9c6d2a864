import type { Count } from './job.ts';

/** More would only cost memory: the rest of the messages is as those were. */
const SAMPLES = 1_000_000;

/** Counts what a thread saw. */
export class Tally {
  received = 0;
  accepted = 0;
  refused = 0;
  #latencies: number[] = [];

  /** A message was under way for so many ms. */
  took(ms: number): void {
    if (this.#latencies.length < SAMPLES) this.#latencies.push(ms);
  }

  /** What was counted; counting begins anew. */
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
