/** Tells those who wait for it that no work is left. */
export class Idle {
  readonly #isIdle: () => boolean;
  #waiting: (() => void)[] = [];

  /** @param isIdle whether no work is left now */
  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle;
  }

  /** Whether no work is left now. */
  get isReached(): boolean {
    return this.#isIdle();
  }

  /** Resolves when no work is left. */
  async reached(): Promise<void> {
    if (this.isReached) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Some work is done. */
  look(): void {
    if (this.#waiting.length === 0 || !this.isReached) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
