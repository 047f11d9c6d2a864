import type { Fault } from '../../chain/race.ts';

/** Tells of nodes that are left for another: once, and again only after they were of use in between. Data only. */
export class NodeLog {
  readonly #left = new Set<string>();

  /** @returns those that were not told of yet */
  left(faults: readonly Fault[]): Fault[] {
    const news = faults.filter(({ name }) => !this.#left.has(name));
    for (const { name } of news) this.#left.add(name);
    return news;
  }

  served(name: string): void {
    this.#left.delete(name);
  }
}
