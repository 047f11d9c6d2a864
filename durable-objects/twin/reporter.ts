import type { TwinGauges } from '../contract.ts';
import type { MetricName } from '../stats/catalogue.ts';
import type { Counts } from '../stats/counts.ts';
import { Tally } from '../stats/tally.ts';

/** Where counts go, and where they wait. */
export interface ReporterPort {
  /** Unix ms. */
  now(): number;
  /** What stood there when the object fell asleep. */
  restore(): Counts;
  /** Writes what is not handed over yet where a sleep does not forget it; undefined: nothing is left. */
  keep(counts: Counts | undefined): void;
  handOver(counts: Counts, gauges: TwinGauges): Promise<void>;
  gauges(): TwinGauges;
  /** Runs work when what has arrived is through. */
  soon(work: () => Promise<void>): void;
}

/**
 * Counts for one twin's object. What was counted is written down once for all that arrives together, and handed over
 * when much has gathered: the path of a message writes nothing.
 */
export class Reporter {
  readonly #port: ReporterPort;
  readonly #tally: Tally;
  #isSoon = false;

  constructor(port: ReporterPort) {
    this.#port = port;
    this.#tally = new Tally(port.now());
    this.#tally.restore(port.restore());
  }

  count(name: MetricName, by = 1, label?: string): void {
    this.#tally.count(name, by, label);
    this.#settleSoon();
  }

  observe(name: MetricName, buckets: readonly number[], seconds: number): void {
    this.#tally.observe(name, buckets, seconds);
    this.#settleSoon();
  }

  /** Hands over all there is, and how the twin stands: because that changed, or the object may sleep for long now. */
  async flush(): Promise<void> {
    const counts = this.#tally.take(this.#port.now());
    try {
      await this.#port.handOver(counts, this.#port.gauges());
    } catch {
      // The stats object is away for a moment: what it did not take is counted still, and handed over later.
      this.#tally.restore(counts);
    }
    this.#port.keep(this.#tally.isEmpty ? undefined : this.#tally.peek());
  }

  #settleSoon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    this.#port.soon(async () => {
      this.#isSoon = false;
      if (this.#tally.isDue(this.#port.now())) await this.flush();
      else this.#port.keep(this.#tally.peek());
    });
  }
}
