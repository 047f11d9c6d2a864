import type { Reason } from '../../../proto/reasons.ts';
import type { Host } from '../../host.ts';
import type { Unsent } from './dispatch.ts';
import type { RoutedEnvelope } from './routed-envelope.ts';
import { fateOf, type Stop, secondsUntilRetry, stopAfter } from './stop.ts';

/** An RPC carries at most 32 MiB. A batch is this much, or one envelope. */
const BATCH_BYTES = 8 * 2 ** 20;
/** Several objects of a class may share one isolate of 128 MB. */
const OUTBOX_BYTES = 24 * 2 ** 20;
export const OUTBOX_MESSAGES = 20_000;
/** A destination whose object takes no calls may have this part of the outbox. */
const STOPPED_SHARE = 0.25;
/** Stopped destinations that are remembered. */
const MOST_STOPS = 1_024;

/** The port of an outbox to its object. */
export interface OutboxPort {
  readonly host: Pick<Host, 'now' | 'wait'>;
  /** Returns a number from 0 to 1. */
  random(): number;
  readonly dispatcher: {
    /** Brings a batch to one twin. Resolves with envelopes that may go again, if there are any; never rejects. */
    dispatch(twin: number, batch: readonly RoutedEnvelope[]): Promise<Unsent | undefined>;
    /** Stores envelopes that wait no longer in memory; never rejects. */
    store(twin: number, envelopes: readonly RoutedEnvelope[]): Promise<void>;
  };
  readonly refusals: { refuse(envelope: RoutedEnvelope, reason: Reason, seconds: number): void };
}

/**
 * A queue for each destination, with one batch in flight: envelopes that arrive meanwhile are the next batch. So order
 * holds between two twins, and a slow receiver delays only its own envelopes. Under load batches get larger instead of
 * calls more frequent: 54,000 instead of 22,000 messages a second. A single envelope does not wait for others, which would
 * need a timer.
 *
 * When a call fails, its destination stops: nothing is called for a pause, then one batch probes.
 */
export class Outbox {
  readonly #port: OutboxPort;
  readonly #queues = new Map<number, RoutedEnvelope[]>();
  readonly #stops = new Map<number, Stop>();
  /** The last batch had more than one envelope, so waiting for others pays. */
  #isCrowded = true;
  #bytes = 0;
  #messages = 0;

  constructor(port: OutboxPort) {
    this.#port = port;
  }

  /** Returns whether everything has been brought to its twin. */
  get isEmpty(): boolean {
    return this.#messages === 0;
  }

  /** Returns whether envelopes wait for the next call to a twin. */
  isWaiting(twin: number): boolean {
    return (this.#queues.get(twin)?.length ?? 0) > 0;
  }

  /** Returns whether a twin's object took no call, and gets none for a pause. */
  isStopped(twin: number): boolean {
    return this.#pauseOf(twin) > 0;
  }

  /**
   * Appends an envelope to the queue of its destination.
   * @returns the end of the pump, if this envelope started it; a reason, if the outbox is full; else undefined. The event
   *   must await the pump, so that the object stays awake.
   */
  append(envelope: RoutedEnvelope): Promise<void> | Reason | undefined {
    const { bytes, to } = envelope;
    if (this.#bytes + bytes.length > OUTBOX_BYTES || this.#messages >= OUTBOX_MESSAGES) return 'outbox-full';
    this.#bytes += bytes.length;
    this.#messages += 1;
    const queue = this.#queues.get(to.twin);
    if (queue !== undefined) {
      queue.push(envelope);
      return undefined;
    }
    this.#queues.set(to.twin, [envelope]);
    return this.#pump(to.twin);
  }

  async #pump(twin: number): Promise<void> {
    for (;;) {
      if (this.#isCrowded) await this.#port.host.wait(0);
      if (this.#stops.size > 0) await this.#pause(twin);
      const queue = this.#queues.get(twin) ?? [];
      const batch = takeBatch(queue);
      if (batch.length === 0) {
        this.#queues.delete(twin);
        return;
      }
      this.#isCrowded = batch.length > 1;
      const unsent = await this.#port.dispatcher.dispatch(twin, batch);
      this.#remove(batch);
      if (unsent !== undefined) await this.#stop(twin, queue, unsent);
      else if (this.#stops.size > 0) this.#stops.delete(twin);
      if (queue.length === 0) {
        this.#queues.delete(twin);
        return;
      }
    }
  }

  /** Decides about all that waits for a twin whose object took no call. Nothing else is called until the next probe. */
  async #stop(twin: number, queue: RoutedEnvelope[], { neverRan, envelopes }: Unsent): Promise<void> {
    const { host, random, refusals, dispatcher } = this.#port;
    if (this.#stops.size >= MOST_STOPS) this.#stops.clear();
    const stop = stopAfter(this.#stops.get(twin), host.now(), random());
    this.#stops.set(twin, stop);
    const pending = neverRan ? [...envelopes, ...queue] : envelopes;
    if (neverRan) this.#remove(queue.splice(0));
    const how = { neverRan, isCrowded: isMost(pending) };
    const waiting: RoutedEnvelope[] = [];
    const stored: RoutedEnvelope[] = [];
    for (const envelope of pending) {
      const fate = fateOf(envelope, stop, how);
      if (fate === 'wait') waiting.push(envelope);
      else if (fate === 'store') stored.push(envelope);
      else refusals.refuse(envelope, fate.refuse, secondsUntilRetry(stop, random()));
    }
    // In this turn: what is appended from now on comes behind.
    queue.unshift(...waiting);
    for (const { bytes } of waiting) this.#bytes += bytes.length;
    this.#messages += waiting.length;
    if (stored.length > 0) await dispatcher.store(twin, stored);
  }

  /** Resolves when a twin may be called. */
  async #pause(twin: number): Promise<void> {
    const ms = this.#pauseOf(twin);
    if (ms > 0) await this.#port.host.wait(ms);
  }

  #pauseOf(twin: number): number {
    const stop = this.#stops.get(twin);
    return stop === undefined ? 0 : Math.max(0, stop.until - this.#port.host.now());
  }

  #remove(envelopes: readonly RoutedEnvelope[]): void {
    this.#messages -= envelopes.length;
    for (const { bytes } of envelopes) this.#bytes -= bytes.length;
  }
}

/** Returns whether envelopes take more than one stopped destination may have. */
function isMost(envelopes: readonly RoutedEnvelope[]): boolean {
  const bytes = envelopes.reduce((sum, envelope) => sum + envelope.bytes.length, 0);
  return bytes > OUTBOX_BYTES * STOPPED_SHARE || envelopes.length > OUTBOX_MESSAGES * STOPPED_SHARE;
}

/** Removes the next batch from a queue: at most 8 MiB, at least one envelope. */
export function takeBatch(queue: RoutedEnvelope[]): RoutedEnvelope[] {
  let bytes = 0;
  let count = 0;
  for (const envelope of queue) {
    bytes += envelope.bytes.length;
    if (count > 0 && bytes > BATCH_BYTES) break;
    count += 1;
  }
  return queue.splice(0, count);
}
