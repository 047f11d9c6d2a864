/** A write that waits keeps the object awake, and billed: what comes now and then waits no longer than this (ms). */
const SLOW_MS = 10;
/** Under load the object is awake anyhow, and a write costs as much as half a message (ms). */
const FAST_MS = 100;
/** So many events since the last write are load. */
const LOAD = 8;

/** When to write down what piles up: at once after a silence, now and then while more comes. */
export class WritePace {
  #events = 0;
  #isWaiting = false;
  #writtenAt = 0;

  /** Something is to be written. @returns whether its write has yet to be ordered, after `wait` */
  note(): boolean {
    this.#events += 1;
    if (this.#isWaiting) return false;
    this.#isWaiting = true;
    return true;
  }

  /** How long the write that is ordered now may wait, ms. @param now Unix ms */
  wait(now: number): number {
    const silence = now - this.#writtenAt;
    // Bursts that follow one another are load, too, although each begins after a silence.
    const isLoad = this.#events > LOAD && silence < FAST_MS;
    const wait = isLoad ? FAST_MS : silence >= SLOW_MS ? 0 : SLOW_MS;
    this.#events = 0;
    return wait;
  }

  /** It is written. @param now Unix ms */
  written(now: number): void {
    this.#isWaiting = false;
    this.#writtenAt = now;
  }
}
