import type { TwinLookup } from '../../durable-objects/contract.ts';

const FOUND_MS = 60_000;
const UNKNOWN_MS = 5_000;
/** Long enough that a burst during an outage waits for the chain once, short enough that nobody notices its end. */
const UNAVAILABLE_MS = 1_000;
/** While the chain is away: how long a twin served from an old record is not looked for again. */
const STALE_MS = 10_000;
const MOST = 10_000;

/** Look-ups of one isolate, each for its time; the least recently used go first. May vanish at any moment. */
export class Memory {
  readonly #known = new Map<number, { readonly lookup: TwinLookup; readonly until: number }>();

  /** @param now Unix ms */
  get(id: number, now: number): TwinLookup | undefined {
    const known = this.#known.get(id);
    if (known === undefined) return undefined;
    this.#known.delete(id);
    if (known.until <= now) return undefined;
    this.#known.set(id, known);
    return known.lookup;
  }

  /** @param stale whether the chain could not confirm it */
  set(id: number, lookup: TwinLookup, now: number, stale = false): void {
    this.#known.delete(id);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(id, { lookup, until: now + (stale ? STALE_MS : lifeOf(lookup)) });
  }
}

function lifeOf(lookup: TwinLookup): number {
  if ('found' in lookup) return FOUND_MS;
  return 'unknown' in lookup ? UNKNOWN_MS : UNAVAILABLE_MS;
}
