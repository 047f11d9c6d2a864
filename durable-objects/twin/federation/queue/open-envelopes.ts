import type { Reason } from '../../../../proto/reasons.ts';
import type { RoutedEnvelope } from '../../send/routed-envelope.ts';
import type { FederationQueue, OpenEnvelope } from './federation-queue.ts';

/** An envelope that an attempt works on. */
export interface InFlight {
  /** Whether a request that carries it is in flight. */
  posting: boolean;
  /** Whether the relay that was asked last takes batches. */
  takesBatch: boolean;
  /** Returns whether it is settled already, or expired. */
  isLate(): boolean;
}

/** An open envelope in memory. */
export interface HeldEnvelope extends InFlight {
  readonly record: number;
  readonly index: number;
  readonly envelope: RoutedEnvelope;
  isSettled: boolean;
}

/** Sends an error to the sender of an envelope. The call stores before it returns. */
type Report = (envelope: RoutedEnvelope, reason: Reason) => void;

/** The open envelopes of those records that a lane works on. Each is settled once, by an attempt or by its expiry. */
export class OpenEnvelopes {
  readonly #queue: FederationQueue;
  readonly #now: () => number;
  readonly #report: Report;
  readonly #held = new Map<number, HeldEnvelope[]>();

  /** @param now Unix ms */
  constructor(queue: FederationQueue, now: () => number, report: Report) {
    this.#queue = queue;
    this.#now = now;
    this.#report = report;
  }

  /** Returns the open envelopes of a record, read into memory once. */
  of(record: number): HeldEnvelope[] {
    const known = this.#held.get(record);
    if (known !== undefined) return known;
    const held = this.#queue.read(record).map((each) => this.#hold(record, each));
    this.#held.set(record, held);
    return held;
  }

  /** Returns the envelopes that were appended to a record which is in memory. @param from the place of the first */
  appended(record: number, from: number): HeldEnvelope[] {
    const more = this.#queue.read(record).filter(({ index }) => index >= from);
    const held = more.map((each) => this.#hold(record, each));
    this.#held.get(record)?.push(...held);
    return held;
  }

  #hold(record: number, { index, envelope }: OpenEnvelope): HeldEnvelope {
    const held: HeldEnvelope = {
      record,
      index,
      envelope,
      posting: false,
      takesBatch: false,
      isSettled: false,
      isLate: () => held.isSettled || envelope.expiresAt * 1000 <= this.#now(),
    };
    return held;
  }

  /**
   * Settles an envelope. Its error and its progress are stored in one turn: a crash keeps both or neither.
   * @param mayWait whether somebody saves the progress of the record soon
   */
  settle(held: HeldEnvelope, reason: Reason | undefined, mayWait = false): void {
    if (held.isSettled) return;
    held.isSettled = true;
    if (reason !== undefined) this.#report(held.envelope, reason);
    this.#queue.settle(held.record, held.index, mayWait);
    if (!this.#queue.has(held.record)) this.#held.delete(held.record);
  }

  /** Settles what expired. An envelope whose request is in flight gets the answer to that first. */
  expire(): void {
    const now = this.#now();
    for (const { id, expires } of this.#queue.list()) {
      if (expires * 1000 > now) continue;
      const isKnown = this.#held.has(id);
      const held = this.of(id);
      for (const each of held) if (!each.posting && each.isLate()) this.settle(each, 'expired');
      this.#queue.saveProgress(id);
      const open = held.filter(({ isSettled }) => !isSettled);
      this.#queue.setExpiry(id, Math.min(...open.map(({ envelope }) => envelope.expiresAt)));
      if (!isKnown) this.#held.delete(id);
    }
  }

  /** Saves the progress of a record and forgets its envelopes. */
  release(record: number): void {
    this.#queue.saveProgress(record);
    this.#held.delete(record);
  }
}
