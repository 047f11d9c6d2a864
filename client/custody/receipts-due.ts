import type { Window } from '../../proto/custody/acceptance.ts';
import { MOST_RECEIPTS } from '../../proto/custody/frame.ts';
import { type Receipt, WaitingReceipts } from '../../proto/custody/receipts.ts';

/** A receipt waits so long for data that carries it, ms. */
export const HELD_BACK_MS = 1_000;

/** How receipts go that no data carries. */
export type Alone = 'urgent' | 'not-urgent';

/**
 * Receipts that this client owes a relay. They ride on data. Alone they go after a second (urgent: no traffic will carry
 * them), at half a window (not urgent: there is traffic), and at once when the relay asked for them. After those of half
 * a window an urgent frame follows: if the traffic has ended, the relay would keep them.
 */
export class ReceiptsDue {
  readonly #window: Window;
  #waiting = new WaitingReceipts();
  #bytes = 0;
  /** When the oldest was given, ms. */
  #since = 0;
  #isUrgent = false;
  /** When the urgent frame follows, ms; undefined when none must. */
  #followAt: number | undefined;

  constructor(window: Window) {
    this.#window = window;
  }

  /** Adds the receipt of an envelope. @param isUrgent whether the relay wants it at once */
  add(sequence: number, bytes: number, isUrgent: boolean, now: number): void {
    if (this.#waiting.sequences === 0) this.#since = now;
    this.#waiting.add(sequence, 'delivered');
    this.#bytes += bytes;
    this.#isUrgent ||= isUrgent;
  }

  /** Returns how the receipts go alone now; undefined when they wait for data, or there are none. */
  alone(now: number): Alone | undefined {
    if (this.#followAt !== undefined && now >= this.#followAt) return 'urgent';
    if (this.#waiting.sequences === 0) return undefined;
    if (this.#isUrgent || now >= this.#since + HELD_BACK_MS) return 'urgent';
    const isHalf = this.#waiting.sequences >= this.#window.messages / 2 || this.#bytes >= this.#window.bytes / 2;
    return isHalf ? 'not-urgent' : undefined;
  }

  /** Returns when a frame goes alone, ms; undefined when none must. */
  nextAt(): number | undefined {
    if (this.#followAt !== undefined) return this.#followAt;
    return this.#waiting.sequences === 0 ? undefined : this.#since + HELD_BACK_MS;
  }

  /** Takes receipts for a frame that goes alone; others may be left. */
  takeAlone(how: Alone, now: number): Receipt[] {
    const taken = this.take();
    this.#followAt = how === 'urgent' ? undefined : (this.#followAt ?? now + HELD_BACK_MS);
    return taken;
  }

  /** Takes receipts for a frame; others may be left. */
  take(): Receipt[] {
    const taken = this.#waiting.take(MOST_RECEIPTS);
    if (this.#waiting.sequences === 0) this.clear();
    return taken;
  }

  /** Forgets them: the relay has forgotten the envelopes. */
  clear(): void {
    this.#waiting = new WaitingReceipts();
    this.#bytes = 0;
    this.#isUrgent = false;
  }
}
