import type { FederationQueue } from './federation-queue.ts';
import type { HeldEnvelope, OpenEnvelopes } from './open-envelopes.ts';
import { NEVER_TRIED, type RetryPace } from './retry-pace.ts';

/** One relay gets no more requests at a time anyway, unless it takes batches. */
const NARROW = 2;

/** The records for one destination twin: a round goes through all that are untried, a retry through all. */
export class Lane {
  pace: RetryPace = NEVER_TRIED;
  /** Drains that run; 0: the lane rests. */
  drains = 0;
  /** Whether its envelopes keep their order, because some of them may end in a mailbox here. */
  isOrdered = false;
  readonly #queue: FederationQueue;
  readonly #open: OpenEnvelopes;
  /** Envelopes in flight at once in this round, unless their order counts. */
  width = NARROW;
  /** The record that takes what comes next, if it fits: it is new, so that none of its envelopes was tried before. */
  #growing: number | undefined;
  /** Records that this round has not reached. */
  #untried: number[] = [];
  /** Records that were tried and may have open envelopes. */
  #tried: number[] = [];
  /** Envelopes of this round that no drain has taken. */
  #round: HeldEnvelope[] = [];
  #isRetry = false;
  /** Records tried before this round. A record that came since then gets its first attempt. */
  #retried: ReadonlySet<number> = new Set();

  constructor(queue: FederationQueue, open: OpenEnvelopes) {
    this.#queue = queue;
    this.#open = open;
  }

  get isRetry(): boolean {
    return this.#isRetry;
  }

  /** Whether a drain would find something to take. */
  get hasWork(): boolean {
    return this.#untried.length > 0 || this.#round.length > 0;
  }

  /** The record that takes what comes next; undefined: none. */
  get growing(): number | undefined {
    return this.#growing;
  }

  /** Appends new records. */
  add(records: readonly number[]): void {
    this.#untried.push(...records);
    this.#growing = records.at(-1) ?? this.#growing;
  }

  /** The growing record took more envelopes. @param from the place of the first */
  grew(from: number): void {
    // A record whose turn has not come is read with them.
    if (this.#growing === undefined || this.#untried.includes(this.#growing)) return;
    this.#round.push(...this.#open.appended(this.#growing, from));
  }

  /** Appends a record that was stored before the object woke. It counts as tried. */
  restore(record: number): void {
    this.#tried.push(record);
  }

  /** Starts a round: of untried records, or, as a retry, of all. */
  begin(isRetry: boolean): void {
    this.#isRetry = isRetry;
    this.width = NARROW;
    this.#growing = isRetry ? undefined : this.#growing;
    this.#retried = new Set(this.#tried);
    if (!isRetry) return;
    this.#untried = [...this.#tried, ...this.#untried];
    this.#tried = [];
  }

  /** Takes the next open envelope of the round. A record is read only when its turn comes. */
  take(random: () => number): HeldEnvelope | undefined {
    for (;;) {
      const held = this.#round.shift();
      if (held !== undefined && !held.isSettled) return held;
      if (held !== undefined) continue;
      const record = this.#untried.shift();
      if (record === undefined) return undefined;
      if (!this.#queue.has(record)) continue;
      const before = this.#tried.at(-1);
      if (before !== undefined) this.#queue.saveProgress(before);
      this.#tried.push(record);
      const read = this.#open.of(record);
      // A retry goes in random order: an envelope that always fails must not hold up the others.
      this.#round.push(...(this.#isRetry && !this.isOrdered ? shuffled(read, random) : read));
    }
  }

  /** Returns whether a record was tried in an earlier round. */
  wasTried(record: number): boolean {
    return this.#retried.has(record);
  }

  /** Returns whether a record is the newest that was tried. Only its progress may be unsaved. */
  isNewest(record: number): boolean {
    return record === this.#tried.at(-1);
  }

  /** Ends the round. Returns whether anything is left. */
  end(): boolean {
    this.#round = [];
    this.#growing = undefined;
    for (const record of this.#tried) this.#open.release(record);
    this.#tried = this.#tried.filter((record) => this.#queue.has(record));
    return this.#tried.length > 0 || this.#untried.length > 0;
  }
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, lot: random() }))
    .sort((a, b) => a.lot - b.lot)
    .map(({ item }) => item);
}
