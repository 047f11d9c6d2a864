/** Resolves when all that came before in the lane have begun to act: what its caller does at once then is its act. */
export type Turn = () => Promise<void>;

/** Work that acts in order within a lane, and prepares and ends side by side with all other work. */
export class Lanes<Key> {
  readonly #last = new Map<Key, Promise<void>>();

  /** Runs `work`, which awaits its turn before it acts. One that ends without leaves its turn to the next. */
  async run<T>(key: Key, work: (turn: Turn) => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const { promise: begun, resolve: pass } = Promise.withResolvers<void>();
    this.#last.set(key, begun);
    const leave = () => {
      if (this.#last.get(key) === begun) this.#last.delete(key);
    };
    const turn = async () => {
      await before;
      // The next one's caller has a promise more to wait for than ours, which so goes first.
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
