import { percentile, type Verdict } from './verdict.ts';

/** What is known of one request. Times are Unix ms. */
interface Fate {
  readonly sentAt: number;
  served: number;
  answers: number;
  errors: number;
  /** When its first reply came. */
  answeredAt: number | undefined;
  reason: string | undefined;
}

/** A fault: its begin, and when it was over. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Keeps the fate of each request, outside of the product: what the programs gave to Redis, and what they found there. */
export class Oracle {
  /** In the order in which they were sent. */
  readonly #fates = new Map<string, Fate>();
  readonly #spans: Span[] = [];
  readonly #strays: string[] = [];
  #open = 0;
  #hasCaughtUp = true;

  /** Requests for which neither a reply nor an error came. */
  get open(): number {
    return this.#open;
  }

  /** Requests that have a reply or an error. */
  get settled(): number {
    return this.#fates.size - this.#open;
  }

  /** Whether a request that was sent after the last fault has its reply. */
  get hasCaughtUp(): boolean {
    return this.#hasCaughtUp;
  }

  /** Redis has a request of this ref, or will have it. */
  sent(ref: string, now: number): void {
    this.#open += 1;
    this.#fates.set(ref, { sentAt: now, served: 0, answers: 0, errors: 0, answeredAt: undefined, reason: undefined });
  }

  /** The service took a request. */
  served(ref: string): void {
    const fate = this.#known(ref);
    if (fate !== undefined) fate.served += 1;
  }

  /** The caller found a reply. */
  answered(ref: string, now: number): void {
    const fate = this.#known(ref);
    if (fate === undefined) return;
    this.#settle(fate);
    fate.answers += 1;
    fate.answeredAt ??= now;
    this.#hasCaughtUp ||= fate.sentAt >= (this.#spans.at(-1)?.to ?? 0);
  }

  /** The caller found an error. */
  failed(ref: string, reason: string): void {
    const fate = this.#known(ref);
    if (fate === undefined) return;
    this.#settle(fate);
    fate.errors += 1;
    // Ports, uids and sizes would make each reason a line of its own.
    fate.reason ??= reason.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+/g, 'N');
  }

  /** A fault struck. @param to from when on round trips are expected to work again */
  struck(from: number, to: number): void {
    this.#spans.push({ from, to });
    this.#hasCaughtUp = false;
  }

  /** Returns the outcome of all requests, once nothing more is expected. */
  verdict(): Verdict {
    const fates = [...this.#fates.values()];
    const silent = fates.filter(({ answers, errors }) => answers + errors === 0);
    const failed: Record<string, number> = {};
    for (const { answers, reason } of fates)
      if (answers === 0 && reason !== undefined) failed[reason] = (failed[reason] ?? 0) + 1;
    const took = fates.flatMap(({ sentAt, answeredAt }) => (answeredAt === undefined ? [] : [answeredAt - sentAt]));
    return {
      sent: fates.length,
      answered: took.length,
      failed,
      silent: silent.length,
      silentUnserved: silent.filter(({ served }) => served === 0).length,
      servedTwice: fates.filter(({ served }) => served > 1).length,
      answeredTwice: fates.filter(({ answers, errors }) => answers + errors > 1).length,
      strays: this.#strays.length,
      ...this.#recoveries(fates),
      p50: percentile(took, 0.5),
      slowest: percentile(took, 1),
    };
  }

  /**
   * Returns for each fault the ms from its end until the first reply to a request that was sent since it began
   * (messages flow again), and to one that was sent after it (a new request does not wait behind older ones).
   */
  #recoveries(fates: readonly Fate[]): Pick<Verdict, 'recoveries' | 'catchUps'> {
    const firstReply = (since: number, to: number) => {
      let first = Number.POSITIVE_INFINITY;
      for (const { sentAt, answeredAt = first } of fates)
        if (sentAt >= since && answeredAt >= to) first = Math.min(first, answeredAt);
      return Number.isFinite(first) ? first - to : null;
    };
    return {
      recoveries: this.#spans.map(({ from, to }) => firstReply(from, to)),
      catchUps: this.#spans.map(({ to }) => firstReply(to, to)),
    };
  }

  #known(ref: string): Fate | undefined {
    const fate = this.#fates.get(ref);
    if (fate === undefined) this.#strays.push(ref);
    return fate;
  }

  #settle({ answers, errors }: Fate): void {
    if (answers + errors === 0) this.#open -= 1;
  }
}
