import type { Refusal } from '../../proto/reasons.ts';

/** An RPC carries at most 32 MiB; a batch is this much, or one envelope. */
const BATCH_BYTES = 8 * 2 ** 20;
/** Several objects of a class may share one isolate of 128 MB. */
const OUTBOX_BYTES = 24 * 2 ** 20;
const OUTBOX_MESSAGES = 20_000;

export interface Outgoing {
  readonly bytes: Uint8Array;
}

/** What an outbox needs from its object. */
export interface OutboxPort<M extends Outgoing> {
  /** Ends when everything that has arrived until now has been appended. */
  gather(): Promise<void>;
  /** Brings a batch to one twin and settles each of its messages; never rejects. */
  send(twin: number, batch: readonly M[]): Promise<void>;
}

/**
 * A queue a destination, with one batch in flight: what arrives meanwhile goes in the next one. So order
 * holds between two twins, a slow receiver slows only what is meant for it, and load makes batches larger
 * instead of calls more. Measured against one call a message: 54,000 instead of 22,000 messages a second. Messages
 * that come one by one do not wait for others: that would cost each a timer.
 */
export class Outbox<M extends Outgoing> {
  readonly #port: OutboxPort<M>;
  readonly #queues = new Map<number, M[]>();
  /** The last batch had more than one message: it is worth while to wait for others. */
  #isCrowded = true;
  #bytes = 0;
  #messages = 0;

  constructor(port: OutboxPort<M>) {
    this.#port = port;
  }

  /**
   * Appends a message for a twin.
   * @returns the pump's end when this message started it (the event that awaits it keeps the object awake),
   *   a refusal when too much is waiting, else undefined
   */
  append(twin: number, message: M): Promise<void> | Refusal | undefined {
    if (this.#bytes + message.bytes.length > OUTBOX_BYTES || this.#messages >= OUTBOX_MESSAGES) return 'outbox-full';
    this.#bytes += message.bytes.length;
    this.#messages += 1;
    const queue = this.#queues.get(twin);
    if (queue !== undefined) {
      queue.push(message);
      return undefined;
    }
    this.#queues.set(twin, [message]);
    return this.#pump(twin);
  }

  async #pump(twin: number): Promise<void> {
    for (;;) {
      if (this.#isCrowded) await this.#port.gather();
      const queue = this.#queues.get(twin) ?? [];
      const batch = takeBatch(queue);
      if (batch.length === 0) {
        this.#queues.delete(twin);
        return;
      }
      this.#isCrowded = batch.length > 1;
      await this.#port.send(twin, batch);
      this.#messages -= batch.length;
      for (const message of batch) this.#bytes -= message.bytes.length;
      if (queue.length === 0) {
        this.#queues.delete(twin);
        return;
      }
    }
  }
}

/** Removes the next batch from a queue: at most 8 MiB, at least one message. */
export function takeBatch<M extends Outgoing>(queue: M[]): M[] {
  let bytes = 0;
  let count = 0;
  for (const message of queue) {
    bytes += message.bytes.length;
    if (count > 0 && bytes > BATCH_BYTES) break;
    count += 1;
  }
  return queue.splice(0, count);
}
