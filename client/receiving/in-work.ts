/** Work on an envelope, with what must follow before the envelope counts as settled. */
interface Following {
  readonly until?: Promise<unknown> | undefined;
}

/**
 * Envelopes in work, by their names. A repeat that comes meanwhile shares the end of the first: otherwise it would seem to
 * be settled before the first is.
 */
export class InWork<End extends Following> {
  /** Resolves with undefined when the work failed. */
  readonly #ends = new Map<string, Promise<End | undefined>>();

  /** Returns the end of the work under one of these names, undefined when it fails; undefined when there is none. */
  find(names: readonly string[]): Promise<End | undefined> | undefined {
    const name = names.find((each) => this.#ends.has(each));
    return name === undefined ? undefined : this.#ends.get(name);
  }

  /** Does the work. Its names stay until what must follow is over. */
  async run(names: readonly string[], work: () => Promise<End>): Promise<End> {
    const working = work();
    const leave = () => {
      for (const name of names) if (this.#ends.get(name) === end) this.#ends.delete(name);
    };
    const end: Promise<End | undefined> = working.catch(() => {
      leave();
      return undefined;
    });
    for (const name of names) this.#ends.set(name, end);
    const done = await working;
    if (done.until === undefined) leave();
    else void done.until.then(leave, leave);
    return done;
  }
}
