import type { TwinLookup } from '../durable-objects/contract.ts';
import type { Region } from '../durable-objects/placement/region.ts';
import { Lru } from './twin-resolver/lru.ts';

const MOST_TWINS = 10_000;
/** As long as a twin's object remembers its destinations. */
const REMEMBER_MS = 10_000;

/**
 * Twins that recently connected or sent by another relay. A call to the resolver costs more than all other checks except
 * the signature. Belongs to an isolate; may vanish at any time.
 */
export class KnownTwins {
  #known = new Lru<{ readonly lookup: TwinLookup; readonly until: number }>(MOST_TWINS);

  /** Returns the twin as it was found a moment ago. @param now Unix ms */
  recall(id: number, now: number): TwinLookup | undefined {
    const known = this.#known.get(id);
    return known !== undefined && now < known.until ? known.lookup : undefined;
  }

  /** Returns the region of a twin, if it was found with one a moment ago. @param now Unix ms */
  regionOf(id: number, now: number): Region | undefined {
    const known = this.recall(id, now);
    return known !== undefined && 'found' in known ? known.region : undefined;
  }

  /** Returns the twin as it was found a moment ago, else as `look` finds it. @param now Unix ms */
  async lookup(id: number, now: number, look: (id: number) => Promise<TwinLookup>): Promise<TwinLookup> {
    return this.recall(id, now) ?? (await this.renew(id, now, look));
  }

  /** Returns the twin as `look` finds it now. */
  async renew(id: number, now: number, look: (id: number) => Promise<TwinLookup>): Promise<TwinLookup> {
    const lookup = await look(id);
    if ('found' in lookup) this.#known.set(id, { lookup, until: now + REMEMBER_MS });
    else this.#known.delete(id);
    return lookup;
  }

  /** Forgets a twin that changed. */
  forget(id: number): void {
    this.#known.delete(id);
  }

  /** Forgets all twins. */
  forgetAll(): void {
    this.#known = new Lru(MOST_TWINS);
  }
}

/** The known twins of this isolate. */
export const knownTwins = new KnownTwins();
