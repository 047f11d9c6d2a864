/** Resolves when every earlier task of this lane has started. The caller acts synchronously after that, so tasks act in order. */
export type Turn = () => Promise<void>;

/** Runs tasks that act in order within a lane. Their preparation and their end run concurrently. */
export class Lanes<Key> {
  readonly #last = new Map<Key, Promise<void>>();

  /** Runs `work`, which awaits its turn before it acts. Work that ends without acting gives its turn to the next. */
  async run<T>(key: Key, work: (turn: Turn) => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const { promise: begun, resolve: pass } = Promise.withResolvers<void>();
    this.#last.set(key, begun);
    const leave = () => {
      if (this.#last.get(key) === begun) this.#last.delete(key);
    };
    const turn = async () => {
      await before;
      // The next task awaits one more promise, so this task's caller runs first.
      pass();
      leave();
    };
    try {
      return await work(turn);
    } finally {
      pass(before);
      void begun.then(leave);
    }
  }
}
