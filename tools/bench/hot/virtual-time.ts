/** Time of a simulation: it passes when nothing is left to do at its moment. */
export class VirtualTime {
  #now = 0;
  /** Moment → what happens then, in the order in which it was planned. */
  readonly #planned = new Map<number, (() => void)[]>();

  /** ms */
  get now(): number {
    return this.#now;
  }

  /** Resolves after `ms`. */
  wait(ms: number): Promise<void> {
    const at = this.#now + Math.ceil(ms);
    return new Promise((resolve) => {
      const planned = this.#planned.get(at);
      if (planned === undefined) this.#planned.set(at, [resolve]);
      else planned.push(resolve);
    });
  }

  /** Lets the time pass until then. */
  async pass(until: number): Promise<void> {
    for (; this.#now < until; this.#now += 1) {
      for (let due = this.#due(); due.length > 0; due = this.#due()) {
        for (const happen of due) happen();
        // All that follows at this moment.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  #due(): (() => void)[] {
    const due = this.#planned.get(this.#now) ?? [];
    this.#planned.delete(this.#now);
    return due;
  }
}
