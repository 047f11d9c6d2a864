import type { Outcome } from './outcome.ts';

/** A run of sequences with one outcome, both ends included. */
export interface Receipt {
  readonly first: number;
  readonly last: number;
  readonly outcome: Outcome;
}

/**
 * Receipts that wait for a frame. Sequences that follow one another with one outcome are one receipt: under load, a frame
 * has one or two.
 */
export class WaitingReceipts {
  #runs: { first: number; last: number; readonly outcome: Outcome }[] = [];
  #sequences = 0;

  /** Sequences that wait. */
  get sequences(): number {
    return this.#sequences;
  }

  /** Adds the receipt of one envelope. */
  add(sequence: number, outcome: Outcome): void {
    this.addRun({ first: sequence, last: sequence, outcome });
  }

  /** Adds the receipt of several envelopes. */
  addRun({ first, last, outcome }: Receipt): void {
    this.#sequences += last - first + 1;
    const run = this.#runs.at(-1);
    if (run !== undefined && run.outcome === outcome && run.last + 1 === first) run.last = last;
    else this.#runs.push({ first, last, outcome });
  }

  /** Takes up to `most` runs, in the order in which they came. */
  take(most: number): Receipt[] {
    const taken = this.#runs.slice(0, most);
    this.#runs = this.#runs.slice(taken.length);
    for (const { first, last } of taken) this.#sequences -= last - first + 1;
    return taken;
  }
}
