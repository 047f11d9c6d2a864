/** NTP slews a clock by less, and timers are less late, ms. */
const STEP_MS = 5_000;
const LOOK_MS = 1_000;

/** Detects that somebody sets this machine's clock: earlier measurements of it are wrong from then on. */
export class ClockSteps {
  readonly #wall: () => number;
  readonly #steady: () => number;
  readonly #onStep: (ms: number) => void;
  #offset: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param wall Unix ms of this machine
   * @param steady ms of a monotonic clock
   * @param onStep receives the step, ms
   */
  constructor(wall: () => number, steady: () => number, onStep: (ms: number) => void) {
    this.#wall = wall;
    this.#steady = steady;
    this.#onStep = onStep;
    this.#offset = wall() - steady();
  }

  /** Checks every second, until `stop`. */
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
