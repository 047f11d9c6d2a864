import type { TwinLookup, TwinReader } from '../contract.ts';

const REMEMBER_MS = 10_000;
const REMEMBER_MOST = 1024;

/**
 * The resolver as one object sees it: twins that were found are remembered for 10 s, so that a batch to a
 * known destination costs one call, not two.
 */
export class Directory {
  readonly #reader: TwinReader;
  readonly #now: () => number;
  readonly #known = new Map<number, { readonly lookup: TwinLookup; readonly until: number }>();

  /** @param now Unix ms */
  constructor(reader: TwinReader, now: () => number) {
    this.#reader = reader;
    this.#now = now;
  }

  async lookup(id: number): Promise<TwinLookup> {
    const known = this.#known.get(id);
    if (known !== undefined && known.until > this.#now()) return known.lookup;
    const lookup = await this.#reader.lookup(id);
    this.#known.delete(id);
    if ('found' in lookup) {
      if (this.#known.size >= REMEMBER_MOST) this.#known.clear();
      this.#known.set(id, { lookup, until: this.#now() + REMEMBER_MS });
    }
    return lookup;
  }
}
