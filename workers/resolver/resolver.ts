import type { TwinLookup } from '../../durable-objects/contract.ts';
import { kvKey, readRecord, writeRecord } from './kv-record.ts';
import type { Memory } from './memory.ts';

/** A record this old is confirmed at the chain before it is served, while the chain answers. */
const CONFIRM_MS = 10 * 60_000;
/** Another request's look-up is waited for this long: the time in which it must have ended. */
const PATIENCE_MS = 2_000;
const POLL_MS = 5;

/** What the resolver needs; times in ms. */
export interface ResolverPort {
  /** A KV value as JSON; null when there is none. */
  kvGet(key: string): Promise<unknown>;
  kvPut(key: string, value: string): Promise<void>;
  readChain(id: number): Promise<TwinLookup>;
  now(): number;
  wait(ms: number): Promise<void>;
}

/** Look-ups that are under way in this isolate: twin id → when it began (Unix ms). */
export type Pending = Map<number, number>;

/**
 * Finds twins: memory, then KV, then the chain. At most one look-up of a twin is under way in an isolate.
 * The others watch for its result in memory: workerd lets no request await a promise whose I/O is another's.
 */
export class Resolver {
  readonly #memory: Memory;
  readonly #pending: Pending;
  readonly #port: ResolverPort;

  constructor(memory: Memory, pending: Pending, port: ResolverPort) {
    this.#memory = memory;
    this.#pending = pending;
    this.#port = port;
  }

  /** What is known of a twin; never rejects, and answers within 2 s. */
  async lookup(id: number): Promise<TwinLookup> {
    for (;;) {
      const known = this.#memory.get(id, this.#port.now());
      if (known !== undefined) return known;
      // Nothing is awaited between this look and the claim in #alone: of many callers one goes on.
      if (!this.#underWay(id)) return this.#alone(id, () => this.#read(id));
      await this.#port.wait(POLL_MS);
    }
  }

  /** Asks the chain, past memory and KV, and renews both. */
  async refresh(id: number): Promise<TwinLookup> {
    return this.#alone(id, () => this.#confirm(id, false));
  }

  /** Whoever began a look-up may be gone: a cancelled request ends without a word. */
  #underWay(id: number): boolean {
    const began = this.#pending.get(id);
    return began !== undefined && this.#port.now() - began <= PATIENCE_MS;
  }

  async #alone(id: number, look: () => Promise<TwinLookup>): Promise<TwinLookup> {
    const began = this.#port.now();
    this.#pending.set(id, began);
    try {
      return await look();
    } finally {
      if (this.#pending.get(id) === began) this.#pending.delete(id);
    }
  }

  async #read(id: number): Promise<TwinLookup> {
    const record = readRecord(id, await this.#kvGet(id));
    if (record === undefined) return this.#confirm(id, false);
    if (this.#port.now() - record.readAt < CONFIRM_MS) return this.#remember(id, { found: record.twin });
    const confirmed = await this.#confirm(id, true);
    return 'unavailable' in confirmed ? this.#remember(id, { found: record.twin }, true) : confirmed;
  }

  /** @param known whether an older record can stand in while the chain is away */
  async #confirm(id: number, known: boolean): Promise<TwinLookup> {
    const lookup = await this.#port.readChain(id);
    if ('found' in lookup) await this.#kvPut(id, writeRecord({ twin: lookup.found, readAt: this.#port.now() }));
    return known && 'unavailable' in lookup ? lookup : this.#remember(id, lookup);
  }

  #remember(id: number, lookup: TwinLookup, stale = false): TwinLookup {
    this.#memory.set(id, lookup, this.#port.now(), stale);
    return lookup;
  }

  async #kvGet(id: number): Promise<unknown> {
    try {
      return await this.#port.kvGet(kvKey(id));
    } catch {
      // KV is a cache: without it the chain is asked.
      return undefined;
    }
  }

  async #kvPut(id: number, value: string): Promise<void> {
    try {
      await this.#port.kvPut(kvKey(id), value);
    } catch {
      // One write a second and key is what KV takes: the record is there already, or comes next time.
    }
  }
}
