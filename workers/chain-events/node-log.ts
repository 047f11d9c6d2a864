import type { Fault } from '../../proto/chain/race.ts';

/** Remembers which failed nodes are logged: each once, and again only after it served meanwhile. Holds only data. */
export class NodeLog {
  readonly #left = new Set<string>();

  /** Notes failed nodes. Returns those that are not logged yet. */
  left(faults: readonly Fault[]): Fault[] {
    const news = faults.filter(({ name }) => !this.#left.has(name));
    for (const { name } of news) this.#left.add(name);
    return news;
  }

  /** Notes that a node served. */
  served(name: string): void {
    this.#left.delete(name);
  }
}
