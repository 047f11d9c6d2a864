/** How many frames an object gets together, in turn; none: each frame as it comes. */
let sizes: readonly number[] = [];

/** From now on frames wait until a handful of them is there. Otherwise the speed of the machine decides what one batch holds. */
export function handTogether(next: readonly number[]): void {
  sizes = next;
}

/** The frames of one object that wait until their handful is there. */
export class Handfuls {
  #turn = 0;
  #waiting: (() => void)[] = [];

  /** Resolves when this frame and the others of its handful may be read, all in one turn of the event loop. */
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
