/** Less than this is what a clock that is drawn right slowly may differ by, and a late timer, ms. */
const STEP_MS = 5_000;
const LOOK_MS = 1_000;

/** Watches for a machine's clock that somebody sets: what relays told of it before is wrong from then on. */
export class ClockSteps {
  readonly #wall: () => number;
  readonly #steady: () => number;
  readonly #onStep: (ms: number) => void;
  #offset: number;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param wall Unix ms as this machine has it
   * @param steady ms that nobody sets
   * @param onStep told by how much the clock was set
   */
  constructor(wall: () => number, steady: () => number, onStep: (ms: number) => void) {
    this.#wall = wall;
    this.#steady = steady;
    this.#onStep = onStep;
    this.#offset = wall() - steady();
  }

  /** Looks each second, until `stop`. */
  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    const offset = this.#wall() - this.#steady();
    const step = offset - this.#offset;
    if (Math.abs(step) <= STEP_MS) return;
    this.#offset = offset;
    this.#onStep(step);
  }
}
