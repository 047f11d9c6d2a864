import type { Outcome } from '../../../proto/custody/outcome.ts';
import { type Receipt, WaitingReceipts } from '../../../proto/custody/receipts.ts';

// Receipts on their way to the objects of senders. Pure: no I/O, times in Unix ms.

/** So many receipts for one twin go at once. */
const MANY = 64;
/** Receipts that wait longer go with the next event. */
export const OLD_MS = 500;

/** A receipt for a connection of the sender. */
export interface DueReceipt extends Receipt {
  readonly connection: number;
}

interface Due {
  readonly since: number;
  readonly byConnection: Map<number, WaitingReceipts>;
  sequences: number;
}

/**
 * Receipts on their way: they wait for the next call between this object and a sender's, in either direction. There is no timer: 64 of
 * them, urgent ones, and at the next event those that have waited for 500 ms, go by a call of their own.
 */
export class ReceiptsDue {
  readonly #byTwin = new Map<number, Due>();

  /** Adds the receipt of one envelope. */
  add(twin: number, connection: number, sequence: number, outcome: Outcome, now: number): void {
    const due = this.#dueFor(twin, now);
    waitingOf(due, connection).add(sequence, outcome);
    due.sequences += 1;
  }

  /** Adds receipts that were taken for a call which never ran. They wait like new ones. */
  giveBack(twin: number, receipts: readonly DueReceipt[], now: number): void {
    const due = this.#dueFor(twin, now);
    for (const { connection, ...receipt } of receipts) {
      waitingOf(due, connection).addRun(receipt);
      due.sequences += receipt.last - receipt.first + 1;
    }
  }

  /** Takes all receipts for a twin: a call or an answer carries them now. */
  take(twin: number): DueReceipt[] {
    const due = this.#byTwin.get(twin);
    if (due === undefined) return [];
    this.#byTwin.delete(twin);
    return [...due.byConnection].flatMap(([connection, waiting]) =>
      waiting.take(Number.POSITIVE_INFINITY).map((receipt) => ({ ...receipt, connection })),
    );
  }

  #dueFor(twin: number, now: number): Due {
    let due = this.#byTwin.get(twin);
    if (due === undefined) {
      due = { since: now, byConnection: new Map(), sequences: 0 };
      this.#byTwin.set(twin, due);
    }
    return due;
  }

  /** Returns the twins whose receipts wait no longer. */
  pressing(now: number): number[] {
    // At most events nothing waits.
    if (this.#byTwin.size === 0) return [];
    return [...this.#byTwin].flatMap(([twin, { sequences, since }]) =>
      sequences >= MANY || now - since >= OLD_MS ? [twin] : [],
    );
  }

  /** Returns all twins for which receipts wait. */
  twins(): number[] {
    return [...this.#byTwin.keys()];
  }
}

function waitingOf({ byConnection }: Due, connection: number): WaitingReceipts {
  let waiting = byConnection.get(connection);
  if (waiting === undefined) {
    waiting = new WaitingReceipts();
    byConnection.set(connection, waiting);
  }
  return waiting;
}
