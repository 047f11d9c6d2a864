/** Cloudflare lets an object wait for the headers of six requests; workerd on one's own machine does not count. */
const MOST = 6;
/** So that two relays which hang still leave room for a third. */
const MOST_A_DOMAIN = 2;

/**
 * Who may make a request now: six of an object, two of them to one relay. Those who wait are served relay by
 * relay in turn, each relay's in order: however many wait for a dead relay, the others' next is at most one round
 * away.
 */
export class Slots {
  /** Who waits, by relay; a relay that has just been served stands last. */
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #busy = new Map<string, number>();
  #total = 0;

  /** Runs `work` when a slot for this relay is free. */
  async run<T>(domain: string, work: () => Promise<T>): Promise<T> {
    await this.#enter(domain);
    try {
      return await work();
    } finally {
      this.#leave(domain);
    }
  }

  #enter(domain: string): Promise<void> | undefined {
    if (!this.#waiting.has(domain) && this.#isFree(domain)) {
      this.#take(domain);
      return undefined;
    }
    const queue = this.#waiting.get(domain) ?? [];
    this.#waiting.set(domain, queue);
    return new Promise((resolve) => queue.push(resolve));
  }

  #leave(domain: string): void {
    this.#total -= 1;
    const left = (this.#busy.get(domain) ?? 0) - 1;
    if (left > 0) this.#busy.set(domain, left);
    else this.#busy.delete(domain);
    for (const [next, queue] of this.#waiting) {
      if (!this.#isFree(next)) continue;
      const enter = queue.shift();
      this.#waiting.delete(next);
      if (queue.length > 0) this.#waiting.set(next, queue);
      if (enter === undefined) continue;
      this.#take(next);
      enter();
      return;
    }
  }

  #isFree(domain: string): boolean {
    return this.#total < MOST && (this.#busy.get(domain) ?? 0) < MOST_A_DOMAIN;
  }

  #take(domain: string): void {
    this.#total += 1;
    this.#busy.set(domain, (this.#busy.get(domain) ?? 0) + 1);
  }
}
