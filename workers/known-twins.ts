import type { TwinLookup } from '../durable-objects/contract.ts';
import { Lru } from './twin-resolver/lru.ts';

const MOST = 10_000;
/** As long as a twin's object remembers whom it sends to (ms). */
const REMEMBER_MS = 10_000;

/**
 * Twins that connections and other relays' envelopes named lately: a call to the resolver costs more than all other
 * checks but the signature's. Belongs to an isolate; may vanish at any time.
 */
export class KnownTwins {
  #known = new Lru<{ readonly lookup: TwinLookup; readonly until: number }>(MOST);

  /** The twin as it was found a moment ago, if it was. @param now Unix ms */
  recall(id: number, now: number): TwinLookup | undefined {
    const known = this.#known.get(id);
    return known !== undefined && now < known.until ? known.lookup : undefined;
  }

  /** The twin as it was found a moment ago, else as `look` finds it. @param now Unix ms */
  async lookup(id: number, now: number, look: (id: number) => Promise<TwinLookup>): Promise<TwinLookup> {
    return this.recall(id, now) ?? (await this.renew(id, now, look));
  }

  /** The twin as `look` finds it now. */
  async renew(id: number, now: number, look: (id: number) => Promise<TwinLookup>): Promise<TwinLookup> {
    const lookup = await look(id);
    if ('found' in lookup) this.#known.set(id, { lookup, until: now + REMEMBER_MS });
    else this.#known.delete(id);
    return lookup;
  }

  /** The twin has changed. */
  forget(id: number): void {
    this.#known.delete(id);
  }

  /** Any twin may have changed. */
  forgetAll(): void {
    this.#known = new Lru(MOST);
  }
}

/** Those of this isolate. */
export const knownTwins = new KnownTwins();
