/** How many frames an object gets together, in turn. Empty: each frame as it arrives. */
let sizes: readonly number[] = [];

/** Makes frames wait for a handful of them. Otherwise the speed of the machine decides the size of a batch. */
export function handTogether(next: readonly number[]): void {
  sizes = next;
}

/** The frames of one object that wait for their handful. */
export class Handfuls {
  #turn = 0;
  #waiting: (() => void)[] = [];

  /** Resolves when the handful of this frame is complete, for all its frames in one turn of the event loop. */
  async together(): Promise<void> {
    const size = sizes[this.#turn % sizes.length];
    if (size === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    if (this.#waiting.length >= size) {
      this.#turn += 1;
      for (const go of this.#waiting.splice(0)) go();
    }
    await promise;
  }
}
