import type { Window } from './acceptance.ts';
import { LAST_SEQUENCE } from './frame.ts';
import type { Outcome } from './outcome.ts';
import type { Receipt } from './receipts.ts';

/** An envelope and its outcome. */
export interface Settled<T> {
  readonly item: T;
  readonly outcome: Outcome;
}

/**
 * Envelopes that one side of a connection has sent and that have no receipt yet, by sequence and in its order. Both sides
 * use it, each for what it sends.
 */
export class Unacknowledged<T extends { readonly bytes: Uint8Array }> {
  readonly #window: Window;
  readonly #items = new Map<number, T>();
  #next: number;
  #bytes = 0;

  /** @param next the sequence of the first envelope */
  constructor(window: Window, next = 1) {
    this.#next = next;
    this.#window = window;
  }

  /** Number of envelopes without a receipt. */
  get size(): number {
    return this.#items.size;
  }

  /** Bytes of envelopes without a receipt. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The sequence of the next envelope; undefined when the connection has used up all of them. */
  get next(): number | undefined {
    return this.#next > LAST_SEQUENCE ? undefined : this.#next;
  }

  /** Returns whether one more envelope of so many bytes fits the window. One alone always fits. */
  fits(bytes: number): boolean {
    if (this.#items.size === 0) return true;
    return this.#items.size < this.#window.messages && this.#bytes + bytes <= this.#window.bytes;
  }

  /** Adds an envelope that is about to be sent. Returns its sequence. @throws when all sequences are used up */
  add(item: T): number {
    const sequence = this.next;
    if (sequence === undefined) throw new RangeError('this connection has no sequence left');
    this.#items.set(sequence, item);
    this.#bytes += item.bytes.length;
    this.#next += 1;
    return sequence;
  }

  /** Takes a receipt. Returns the envelopes that it settles, oldest first; sequences that are settled already count for nothing. */
  receive({ first, last, outcome }: Receipt): Settled<T>[] {
    const settled: Settled<T>[] = [];
    const [lowest] = this.#items.keys();
    if (lowest === undefined) return settled;
    // Receipts that come again for what is settled must cost nothing.
    const start = Math.max(first, lowest);
    const end = Math.min(last, this.#next - 1);
    // A receipt may name four billion sequences.
    if (end - start > this.#items.size) {
      for (const sequence of [...this.#items.keys()]) {
        if (sequence >= start && sequence <= end) this.#settle(sequence, outcome, settled);
      }
    } else for (let sequence = start; sequence <= end; sequence += 1) this.#settle(sequence, outcome, settled);
    return settled;
  }

  /** Takes all envelopes without a receipt, oldest first: the connection is lost. */
  takeAll(): T[] {
    const items = [...this.#items.values()];
    this.#items.clear();
    this.#bytes = 0;
    return items;
  }

  /** Takes the envelopes without a receipt before a sequence, oldest first: the other side has forgotten them. */
  takeBefore(sequence: number): T[] {
    const taken = [...this.#items].filter(([each]) => each < sequence);
    for (const [each, { bytes }] of taken) {
      this.#items.delete(each);
      this.#bytes -= bytes.length;
    }
    return taken.map(([, item]) => item);
  }

  #settle(sequence: number, outcome: Outcome, settled: Settled<T>[]): void {
    const item = this.#items.get(sequence);
    if (item === undefined) return;
    this.#items.delete(sequence);
    this.#bytes -= item.bytes.length;
    settled.push({ item, outcome });
  }
}
