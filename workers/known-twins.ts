import type { TwinLookup } from '../durable-objects/contract.ts';
import { Lru } from './twin-resolver/lru.ts';

const MOST = 10_000;
/** As long as a twin's object remembers whom it sends to (ms). */
const REMEMBER_MS = 10_000;

/**
 * Twins that another relay's envelopes named lately: a call to the resolver costs more than all other checks of an
 * envelope but its signature. Belongs to an isolate; may vanish at any time.
 */
export class KnownTwins {
  readonly #known = new Lru<{ readonly lookup: TwinLookup; readonly until: number }>(MOST);

  /** The twin as it was found a moment ago, else as `look` finds it. @param now Unix ms */
  async lookup(id: number, now: number, look: (id: number) => Promise<TwinLookup>): Promise<TwinLookup> {
    const known = this.#known.get(id);
    return known !== undefined && now < known.until ? known.lookup : await this.renew(id, now, look);
  }

  /** The twin as `look` finds it now. */
  async renew(id: number, now: number, look: (id: number) => Promise<TwinLookup>): Promise<TwinLookup> {
    const lookup = await look(id);
    if ('found' in lookup) this.#known.set(id, { lookup, until: now + REMEMBER_MS });
    else this.#known.delete(id);
    return lookup;
  }
}
