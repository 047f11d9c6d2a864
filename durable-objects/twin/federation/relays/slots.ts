/** Cloudflare lets an object wait for the headers of six requests. A local workerd does not count. */
const MOST = 6;
/** Two relays that hang still leave room for a third. */
const MOST_A_DOMAIN = 2;

/**
 * Limits requests: six of an object, two of them to one relay. Relays that wait get slots in turn, so that many
 * envelopes for a dead relay delay another relay by one round at most.
 */
export class Slots {
  /** Callers that wait, by relay, in order. A relay that was just served is the last entry. */
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
