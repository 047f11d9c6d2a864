import {
  type CustodyFrame,
  MOST_ENVELOPES,
  MOST_FRAME_BYTES,
  MOST_RECEIPTS,
  packedBytes,
} from '../../../proto/custody/frame.ts';
import { type Receipt, WaitingReceipts } from '../../../proto/custody/receipts.ts';

/** Bytes for the head of a frame and its receipts. */
const HEAD_BYTES = 20 + MOST_RECEIPTS * 9;

interface Waiting {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly isUrgent: boolean;
}

/**
 * What a custody session is sent at the end of this turn of the event loop: envelopes in as few frames as possible, and
 * receipts with them. Nothing waits longer. Pure.
 */
export class Outgoing {
  readonly #epoch: number;
  #envelopes: Waiting[] = [];
  readonly #receipts = new WaitingReceipts();

  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  /** Returns whether nothing waits. */
  get isEmpty(): boolean {
    return this.#envelopes.length === 0 && this.#receipts.sequences === 0;
  }

  /** Adds an envelope. @param isUrgent another relay waits for its receipt */
  envelope(sequence: number, bytes: Uint8Array, isUrgent: boolean): void {
    this.#envelopes.push({ sequence, bytes, isUrgent });
  }

  /** Adds receipts for what the session has sent. */
  receipt(receipt: Receipt): void {
    this.#receipts.addRun(receipt);
  }

  /** Takes everything, as frames in their order. @param since the first sequence of the session that memory knows, or 0 */
  take(since: number): CustodyFrame[] {
    const frames = this.#packs().map((pack) => this.#frame(pack, since));
    while (this.#receipts.sequences > 0) frames.push(this.#frame([], since));
    return frames;
  }

  #packs(): Waiting[][] {
    const packs: Waiting[][] = [];
    let [size, last]: [number, Waiting | undefined] = [0, undefined];
    for (const envelope of this.#envelopes) {
      const bytes = packedBytes(envelope.bytes);
      const pack = packs.at(-1);
      const joins =
        pack !== undefined &&
        pack.length < MOST_ENVELOPES &&
        size + bytes <= MOST_FRAME_BYTES &&
        last?.sequence === envelope.sequence - 1;
      if (joins) pack.push(envelope);
      else packs.push([envelope]);
      size = joins ? size + bytes : HEAD_BYTES + bytes;
      last = envelope;
    }
    this.#envelopes = [];
    return packs;
  }

  #frame(pack: readonly Waiting[], since: number): CustodyFrame {
    return {
      epoch: this.#epoch,
      since,
      isUrgent: pack.some(({ isUrgent }) => isUrgent),
      receipts: this.#receipts.take(MOST_RECEIPTS),
      first: pack[0]?.sequence ?? 0,
      envelopes: pack.map(({ bytes }) => bytes),
    };
  }
}
