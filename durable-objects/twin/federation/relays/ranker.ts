/** Relays and failures that are remembered. Any twin may name relays on chain. */
const MOST_DOMAINS = 10_000;
const MOST_FAILURES = 100;

/** Orders the relays of a twin by their recent failures. Belongs to an isolate; may vanish at any time. */
export class Ranker {
  readonly #periodMs: number;
  /** When each relay failed (Unix ms), oldest first. The relay that failed last is the last entry. */
  readonly #failures = new Map<string, number[]>();

  /** @param period seconds for which a failure counts */
  constructor(period: number) {
    this.#periodMs = period * 1000;
  }

  /** Counts a failure of a relay at `now` (Unix ms). */
  failed(domain: string, now: number): void {
    const times = this.#recent(domain, now);
    times.push(now);
    if (times.length > MOST_FAILURES) times.shift();
    this.#failures.delete(domain);
    this.#failures.set(domain, times);
    if (this.#failures.size <= MOST_DOMAINS) return;
    for (const oldest of this.#failures.keys()) {
      this.#failures.delete(oldest);
      return;
    }
  }

  /** Returns the relays with the fewest failures first. Equal ones are shuffled, so that they share the load. */
  order(domains: readonly string[], now: number, random: () => number = Math.random): string[] {
    return domains
      .map((domain) => ({ domain, failures: this.#recent(domain, now).length, lot: random() }))
      .sort((a, b) => a.failures - b.failures || a.lot - b.lot)
      .map(({ domain }) => domain);
  }

  #recent(domain: string, now: number): number[] {
    return (this.#failures.get(domain) ?? []).filter((at) => at > now - this.#periodMs);
  }
}
