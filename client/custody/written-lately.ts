/** A plain relay may not have passed on what was written so shortly before its socket was torn, ms. */
const LATELY_MS = 10_000;
const MOST_ENVELOPES = 2_000;
const MOST_BYTES = 4 * 2 ** 20;

/** An envelope that was written to a plain relay’s socket. */
export interface Written {
  readonly bytes: Uint8Array;
  /** ms; then its time is over. */
  readonly deadline: number;
  /** ms */
  readonly at: number;
}

/**
 * Envelopes that a plain relay’s socket took lately. A socket that ends without a close frame may have lost them. Beyond
 * the bounds the oldest are forgotten.
 */
export class WrittenLately {
  #written: Written[] = [];
  /** Place of the oldest that is remembered. */
  #from = 0;
  #bytes = 0;

  /** @param now ms */
  add(bytes: Uint8Array, deadline: number, now: number): void {
    this.#written.push({ bytes, deadline, at: now });
    this.#bytes += bytes.length;
    while (this.#isOver(now)) this.#drop();
  }

  /** The socket ended. Returns what it may have lost, oldest first, and forgets all. */
  ended(isTorn: boolean, now: number): Written[] {
    while (this.#isOver(now)) this.#drop();
    const lost = isTorn ? this.#written.slice(this.#from).filter(({ deadline }) => deadline > now) : [];
    this.#written = [];
    this.#from = 0;
    this.#bytes = 0;
    return lost;
  }

  #isOver(now: number): boolean {
    const oldest = this.#written[this.#from];
    if (oldest === undefined) return false;
    const count = this.#written.length - this.#from;
    return oldest.at <= now - LATELY_MS || count > MOST_ENVELOPES || this.#bytes > MOST_BYTES;
  }

  #drop(): void {
    this.#bytes -= this.#written[this.#from]?.bytes.length ?? 0;
    this.#from += 1;
    // Not each time: that would copy all of them.
    if (this.#from < MOST_ENVELOPES) return;
    this.#written = this.#written.slice(this.#from);
    this.#from = 0;
  }
}
