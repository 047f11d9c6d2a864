import type { Acceptance, Window } from '../../proto/custody/acceptance.ts';
import {
  decodeFrame,
  encodeFrame,
  LAST_SEQUENCE,
  MOST_ENVELOPES,
  MOST_FRAME_BYTES,
  MOST_RECEIPTS,
  packedBytes,
} from '../../proto/custody/frame.ts';
import type { Receipt } from '../../proto/custody/receipts.ts';
import { ok, type Result } from '../../proto/result.ts';
import { ReceiptsDue } from './receipts-due.ts';

/** Head of a frame, its receipts and the head of its data, bytes. */
const MOST_HEAD_BYTES = 18 + MOST_RECEIPTS * 9;

/** An envelope that came. `taken` gives its receipt. */
export interface Arrived {
  readonly bytes: Uint8Array;
  readonly sequence: number;
  readonly epoch: number;
  /** Whether the relay wants its receipt at once. */
  readonly isUrgent: boolean;
}

/** What a relay’s frame says. */
export interface Heard {
  readonly arrived: readonly Arrived[];
  readonly receipts: readonly Receipt[];
  /**
   * Set if the relay’s object has lost its memory since the frame before: it knows nothing of earlier sequences than this
   * one. Handled after the receipts.
   */
  readonly lostBefore: number | undefined;
}

/**
 * One custody session: packs envelopes and receipts into frames, and takes frames apart. It does no I/O and has no timer:
 * `now` is ms of one clock.
 */
export class Link {
  readonly window: Window;
  readonly #receipts: ReceiptsDue;
  #epoch: number;
  /** Envelopes of this turn of the event loop; their sequences follow one another. */
  #waiting: Uint8Array[] = [];
  #first = 0;

  constructor({ epoch, window }: Acceptance) {
    this.window = window;
    this.#epoch = epoch;
    this.#receipts = new ReceiptsDue(window);
  }

  /** Whether envelopes wait for `frames`. */
  get hasData(): boolean {
    return this.#waiting.length > 0;
  }

  /** Adds an envelope to the next frame. Sequences follow one another. */
  write(sequence: number, bytes: Uint8Array): void {
    if (this.#waiting.length === 0) this.#first = sequence;
    this.#waiting.push(bytes);
  }

  /** Takes a frame of the relay apart. Fails when it is malformed. */
  hear(frame: Uint8Array): Result<Heard, string> {
    const decoded = decodeFrame(frame);
    if (!decoded.ok) return decoded;
    const { epoch, since, isUrgent, receipts, first, envelopes } = decoded.value;
    const isNewEpoch = epoch !== this.#epoch;
    if (isNewEpoch) {
      this.#epoch = epoch;
      this.#receipts.clear();
    }
    const arrived = envelopes.map((bytes, n) => ({ bytes, sequence: first + n, epoch, isUrgent }));
    const known = since === 0 ? LAST_SEQUENCE + 1 : since;
    return ok({ arrived, receipts, lostBefore: isNewEpoch ? known : undefined });
  }

  /** An envelope is in other hands, or was dropped: the relay gets its receipt. One of an earlier epoch has nobody who waits. */
  taken({ bytes, sequence, epoch, isUrgent }: Arrived, now: number): void {
    if (epoch === this.#epoch) this.#receipts.add(sequence, bytes.length, isUrgent, now);
  }

  /** Returns whether `frames` has something to send now. */
  isDue(now: number): boolean {
    return this.hasData || this.#receipts.alone(now) !== undefined;
  }

  /** Returns when receipts go alone, ms; undefined when none wait. */
  nextAt(): number | undefined {
    return this.#receipts.nextAt();
  }

  /**
   * Returns the frames of this turn: all data with the receipts that ride on it, or receipts alone if their time has come.
   * @param isLast the session ends: receipts go at once, urgent
   */
  frames(now: number, isLast = false): Uint8Array<ArrayBuffer>[] {
    const frames: Uint8Array<ArrayBuffer>[] = [];
    while (this.#waiting.length > 0) frames.push(this.#data(isLast));
    for (;;) {
      const alone = isLast ? 'urgent' : this.#receipts.alone(now);
      if (alone === undefined || this.#receipts.nextAt() === undefined) return frames;
      const receipts = this.#receipts.takeAlone(alone, now);
      frames.push(
        encodeFrame({ epoch: this.#epoch, since: 0, isUrgent: alone === 'urgent', receipts, first: 0, envelopes: [] }),
      );
    }
  }

  #data(isUrgent: boolean): Uint8Array<ArrayBuffer> {
    let bytes = MOST_HEAD_BYTES;
    let count = 0;
    for (const envelope of this.#waiting.slice(0, MOST_ENVELOPES)) {
      bytes += packedBytes(envelope);
      if (count > 0 && bytes > MOST_FRAME_BYTES) break;
      count += 1;
    }
    const envelopes = this.#waiting.splice(0, count);
    const first = this.#first;
    this.#first += count;
    const receipts = this.#receipts.take();
    return encodeFrame({
      epoch: this.#epoch,
      since: 0,
      isUrgent: isUrgent && receipts.length > 0,
      receipts,
      first,
      envelopes,
    });
  }
}
