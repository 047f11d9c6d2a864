import type { TwinLookup } from '../../durable-objects/contract.ts';
import { logLine } from '../../durable-objects/log.ts';
import type { Region } from '../../durable-objects/placement/region.ts';
import { wait } from '../../proto/chain/wait.ts';
import { Lru } from '../twin-resolver/lru.ts';
import { decodeRegion, encodeRegion, regionKey } from './region-record.ts';

const MOST_TWINS = 10_000;
/** A twin without a region is looked for in KV again after this: it may have connected. KV itself is as late. */
const UNKNOWN_MS = 60_000;
/** KV is skipped if it does not answer within this. */
const STORE_MS = 500;

/** The port of regions to a KV namespace. */
interface RegionStore {
  get(key: string): Promise<string | null>;
  put(key: string, value: string): Promise<void>;
}

/** The regions of twins as one isolate knows them. May vanish at any time; holds only data, no I/O of a request. */
export class RegionMemory {
  /** A region never changes, because an object never moves. */
  readonly known = new Lru<Region>(MOST_TWINS);
  /** Until when a twin counts as one without a region, Unix ms. */
  readonly unknownUntil = new Lru<number>(MOST_TWINS);
}

/** Where twins' objects are: this isolate's memory, then KV. A twin has a region from its first connection on. */
export class Regions {
  readonly #memory: RegionMemory;
  readonly #store: RegionStore;

  constructor(memory: RegionMemory, store: RegionStore) {
    this.#memory = memory;
    this.#store = store;
  }

  /** Reads a twin's region from KV, unless memory has an answer. Resolves within about 0.5 s; never rejects. */
  async see(twin: number): Promise<void> {
    const { known, unknownUntil } = this.#memory;
    if (known.get(twin) !== undefined || Date.now() < (unknownUntil.get(twin) ?? 0)) return;
    const region = await this.#read(twin);
    if (region !== undefined) known.set(twin, region);
    else unknownUntil.set(twin, Date.now() + UNKNOWN_MS);
  }

  /** Returns a look-up with the region of its twin, if it has one. */
  async with(lookup: TwinLookup): Promise<TwinLookup> {
    if ('found' in lookup) await this.see(lookup.found.id);
    return this.remembered(lookup);
  }

  /** As `with`, by memory alone: a twin that changed on chain is worth no read of KV. */
  remembered(lookup: TwinLookup): TwinLookup {
    const region = 'found' in lookup ? this.#memory.known.get(lookup.found.id) : undefined;
    return region === undefined ? lookup : { ...lookup, region };
  }

  /** Notes where the object of a twin is, unless that is known. A write to KV costs ten reads. Never rejects. */
  async settle(twin: number, region: Region): Promise<void> {
    const { known } = this.#memory;
    if (known.get(twin) !== undefined) return;
    known.set(twin, region);
    try {
      await this.#store.put(regionKey(twin), encodeRegion(region));
    } catch (error) {
      // A later connection, by another isolate, writes it. The twin can be reached meanwhile.
      logLine('warn', 'region-not-written', { twin, error: String(error) });
    }
  }

  async #read(twin: number): Promise<Region | undefined> {
    const slow = new AbortController();
    try {
      const late = wait(STORE_MS, slow.signal).then(() => null);
      const text = await Promise.race([this.#store.get(regionKey(twin)), late]);
      return text === null ? undefined : decodeRegion(text);
    } catch {
      return undefined; // The stats object of the twin is asked instead.
    } finally {
      slow.abort();
    }
  }
}
