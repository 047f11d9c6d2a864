/** Work that keeps its order within a lane, and runs side by side between lanes. */
export class Lanes<Key> {
  readonly #last = new Map<Key, Promise<unknown>>();

  /** Runs `work` when all that was given to this lane before has ended, well or not. */
  async run<T>(key: Key, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const result = before === undefined ? work() : before.then(work);
    // What failed is told to whoever awaits it; the next in the lane goes on all the same.
    const end = result.catch(() => undefined);
    this.#last.set(key, end);
    try {
      return await result;
    } finally {
      if (this.#last.get(key) === end) this.#last.delete(key);
    }
  }
}
