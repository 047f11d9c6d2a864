import type { TwinLookup, TwinReader } from '../../contract.ts';
import { ownDomains } from '../../domains.ts';
import type { Region } from '../../placement/region.ts';
import { type Destination, destinationOf } from './verdict.ts';

export const REMEMBER_MS = 10_000;
export const REMEMBER_MOST = 1024;

/**
 * Destinations as one object knows them. A twin that was found is remembered for 10 s, so that a batch to a known
 * destination costs one call instead of two.
 */
export class Directory {
  readonly #reader: TwinReader;
  readonly #relayDomains: readonly string[];
  readonly #now: () => number;
  readonly #known = new Map<number, { readonly lookup: TwinLookup; readonly until: number }>();
  /** Judged once for each look-up and host. */
  readonly #destinations = new WeakMap<TwinLookup, Map<string, Destination>>();

  /**
   * @param relayDomains the configured names of this relay; empty: the host by which a session reached it
   * @param now Unix ms
   */
  constructor(reader: TwinReader, relayDomains: readonly string[], now: () => number) {
    this.#reader = reader;
    this.#relayDomains = relayDomains;
    this.#now = now;
  }

  /** Looks a twin up. Rejects when the resolver fails. */
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

  /** Returns the region of a twin by its last look-up here, if that had one. */
  regionOf(id: number): Region | undefined {
    const lookup = this.#known.get(id)?.lookup;
    return lookup !== undefined && 'found' in lookup ? lookup.region : undefined;
  }

  /** Forgets a twin that changed on chain. */
  forget(id: number): void {
    this.#known.delete(id);
  }

  /** Returns what a look-up says to a session that reached this relay by `host`. */
  destinationOf(lookup: TwinLookup, host: string): Destination {
    let byHost = this.#destinations.get(lookup);
    if (byHost === undefined) {
      byHost = new Map();
      this.#destinations.set(lookup, byHost);
    }
    let destination = byHost.get(host);
    if (destination === undefined) {
      destination = destinationOf(lookup, this.ownDomains(host));
      byHost.set(host, destination);
    }
    return destination;
  }

  /** Returns the names of this relay, for a session that reached it by `host`. */
  ownDomains(host: string): readonly string[] {
    return ownDomains(this.#relayDomains, host);
  }
}
