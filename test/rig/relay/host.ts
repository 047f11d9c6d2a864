import type { Host } from '../../../durable-objects/host.ts';

/** A host with the test's clock. Its waits last until `settle`. */
export class TestHost implements Host {
  readonly now: () => number;
  readonly #waits: (() => void)[] = [];
  readonly #works: Promise<void>[] = [];

  /** @param now Unix ms */
  constructor(now: () => number) {
    this.now = now;
  }

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waits.push(resolve));
  }

  background(work: Promise<void>): void {
    this.#works.push(work);
  }

  /** Ends all waits. Resolves when all background work has ended. */
  async settle(): Promise<void> {
    while (this.#waits.length > 0 || this.#works.length > 0) {
      for (const end of this.#waits.splice(0)) end();
      await Promise.all(this.#works.splice(0));
    }
  }
}
