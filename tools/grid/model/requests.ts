/** How a request may end. */
export const ENDS = [
  'answered',
  'rate-limited',
  'outbox-full',
  'mailbox-full',
  'unreachable twin',
  'time over',
] as const;
export type End = (typeof ENDS)[number];

/** Requests of a poller to one node that travel together. */
export interface Visit {
  readonly poller: number;
  readonly node: number;
  /** ms. */
  readonly askedAt: number;
  readonly expiresAt: number;
  /** Requests without an end. */
  open: number;
  /** When the receipts for its answers go back, ms. */
  receiptAt: number;
  /** Requests that were asked. */
  readonly size: number;
  /** Called once, when the poller has the receipts of the requests. */
  onReceipt: (() => void) | undefined;
}

/** The poller has the receipts: the requests leave its window. */
export function giveReceipt(visit: Visit): void {
  const { onReceipt } = visit;
  visit.onReceipt = undefined;
  onReceipt?.();
}

/** The book of all requests: each ends in exactly one way. */
export class Requests {
  readonly #ends = new Map<End, number>(ENDS.map((end) => [end, 0]));
  readonly #answerMs: number[] = [];
  #ended = 0;
  #lastAt = 0;
  /** The integral of open requests over time, ms. */
  openMs = 0;
  asked = 0;
  /** Envelopes that were sent again, because an object was overloaded. */
  repeats = 0;
  /** Envelopes that a mailbox stored. */
  stored = 0;

  /** Opens requests. */
  ask(poller: number, node: number, count: number, now: number, lifeMs: number): Visit {
    this.#passed(now);
    this.asked += count;
    return {
      poller,
      node,
      askedAt: now,
      expiresAt: now + lifeMs,
      open: count,
      receiptAt: 0,
      size: count,
      onReceipt: undefined,
    };
  }

  /** Ends requests of a visit. Throws when more end than are open: no request ends twice. */
  end(visit: Visit, end: End, count: number, now: number): void {
    if (count > visit.open) throw new Error(`${count} requests end as ${end}, but ${visit.open} are open`);
    this.#passed(now);
    visit.open -= count;
    this.#ended += count;
    this.#ends.set(end, this.count(end) + count);
    if (end === 'answered') for (let n = 0; n < count; n += 1) this.#answerMs.push(now - visit.askedAt);
    if (visit.open === 0) giveReceipt(visit);
  }

  count(end: End): number {
    return this.#ends.get(end) ?? 0;
  }

  /** Requests without an end. */
  get open(): number {
    return this.asked - this.#ended;
  }

  /** The number of answers, and the sum of their times, ms. */
  get answers(): { readonly count: number; readonly ms: number } {
    return { count: this.#answerMs.length, ms: this.#answerMs.reduce((sum, ms) => sum + ms, 0) };
  }

  /** Times from asking to the answer, ms. */
  get answerMs(): Quantiles {
    return quantiles(this.#answerMs);
  }

  #passed(now: number): void {
    if (now <= this.#lastAt) return;
    this.openMs += this.open * (now - this.#lastAt);
    this.#lastAt = now;
  }
}

/** Of a hundred: the 50th and the 99th; and the last. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly last: number;
}

/** Returns quantiles; zeros of nothing. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = Float64Array.from(values).sort();
  const part = (share: number) => sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
  return { p50: part(0.5), p99: part(0.99), last: part(1) };
}
