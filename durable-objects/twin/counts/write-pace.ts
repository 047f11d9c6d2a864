/** A pending write keeps the object awake, and billed. A single event waits no more than this for its write. */
const SLOW_MS = 10;
/** Under load the object is awake anyway, and a write costs as much as half a message. */
const FAST_MS = 100;
/** More events than this since the last write are load. */
const LOAD_EVENTS = 8;

/** Decides when to write what piles up: at once after a silence, now and then under load. */
export class WritePace {
  #events = 0;
  #isPending = false;
  #writtenAt = 0;

  /** Notes an event. Returns whether its write must be scheduled, after `wait`. */
  note(): boolean {
    this.#events += 1;
    if (this.#isPending) return false;
    this.#isPending = true;
    return true;
  }

  /** Returns how long the scheduled write waits, ms. @param now Unix ms */
  wait(now: number): number {
    const silence = now - this.#writtenAt;
    // Bursts that follow one another are load as well, although each starts after a silence.
    const isLoad = this.#events > LOAD_EVENTS && silence < FAST_MS;
    const wait = isLoad ? FAST_MS : silence >= SLOW_MS ? 0 : SLOW_MS;
    this.#events = 0;
    return wait;
  }

  /** The write is done. @param now Unix ms */
  written(now: number): void {
    this.#isPending = false;
    this.#writtenAt = now;
  }
}
