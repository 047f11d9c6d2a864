import type { TwinLookup } from '../../durable-objects/contract.ts';
import { logLine } from '../../durable-objects/log.ts';
import type { Count } from '../../durable-objects/stats/catalogue.ts';
import { wait } from '../../proto/chain/wait.ts';
import type { Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import type { TellTwin } from './chain-twins.ts';
import type { Tell } from './dials.ts';
import type { TwinRecord } from './kv-record.ts';
import { decodeRecord, encodeRecord, GENERATION_KEY, twinKey } from './kv-record.ts';
import type { ResolverMemory } from './resolver-memory.ts';

/** A look-up resolves within 2 s. The rest of them is the way there and back. */
export const LOOKUP_MS = 1_700;
/** A dial lasts at least this long: the request that makes it may have waited most of its own time for one. */
const LEAST_DIAL_MS = 1_000;
/** KV is skipped if it does not answer within this. */
export const STORE_MS = 500;
/** Before the chain watcher's first generation, an older record is read again. */
const UNWATCHED_MS = 600_000;

/** Its multiples, without their whole part, are spread evenly. */
const GOLDEN = 0.618_034;

const NO_GENERATION = '';

/** The port of the resolver to a KV namespace. */
interface TwinStore {
  get(key: string): Promise<string | null>;
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
}

/** The port of the resolver to the chain. Must not reject. */
interface TwinSource {
  /**
   * Reads a twin within `budget` ms: undefined if it does not exist, an error if the chain is out of reach.
   * @param block hash of the block to read at; absent: the newest
   */
  read(id: number, budget: number, block?: string): Promise<Result<Twin | undefined, string>>;
  /** Reads twins together, see `ChainTwins.readMany`. */
  readMany(ids: readonly number[], budget: number, tell: TellTwin): Promise<void>;
  /** Reads the highest id that a twin ever had within `budget` ms; undefined if the chain does not store it. */
  lastId(budget: number): Promise<Result<number | undefined, string>>;
}

/** The parts of a resolver. */
export interface ResolverParts {
  readonly memory: ResolverMemory;
  readonly store: TwinStore;
  readonly chain: TwinSource;
  readonly count: Count;
  /** Has the twin's region read as well, so that nobody waits for that later. Must not reject. */
  seeRegion(id: number): Promise<void>;
  /** Lets work go on after the answer. */
  background(work: Promise<void>): void;
}

/** Looks twins up: this isolate's memory, then KV, then the chain. */
export class Resolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /**
   * Returns twin `id` as on chain, up to the last block of the chain watcher (without a watcher: as read in the last ten
   * minutes). While no node answers, returns the last record. `unavailable` (within 2 s): no node answers, and the twin
   * is not known.
   * @param mayAsk whether the chain may be asked for a twin that no cache has; called only then. Absent: it may
   */
  async lookup(id: number, mayAsk?: () => Promise<boolean>): Promise<TwinLookup> {
    const start = Date.now();
    if (!isTwinId(id)) return { unknown: true };
    const { memory } = this.#parts;
    const remembered = memory.fresh(id, start);
    if (remembered !== undefined) return this.#fromCache({ found: remembered.twin });
    if (memory.isUnknown(id, start)) return this.#fromCache({ unknown: true });
    if (memory.last(id) === undefined && (await this.#isBeyond(id, start + LOOKUP_MS))) {
      this.#parts.count('relay_lookups_refused_total', 1, 'beyond');
      return this.#fromCache({ unknown: true });
    }
    const known = await this.#stored(id);
    const now = Date.now();
    // Another request may have the answer by now.
    if (memory.isUnknown(id, now)) return this.#fromCache({ unknown: true });
    if (known !== undefined && (this.#isCurrent(known, now) || !memory.mayTryChain(now))) {
      memory.remember(known, now);
      return this.#fromCache({ found: known.twin });
    }
    // A twin that is being read costs nothing more: it may have been asked for before, and come again.
    const isNew = known === undefined && !memory.dials.has(id);
    if (isNew && mayAsk !== undefined && !(await mayAsk())) {
      this.#parts.count('relay_lookups_refused_total', 1, 'address');
      return { unavailable: 'this address has looked up too many twins in this minute', isLimited: true };
    }
    if (isNew && !memory.strangers.mayDial(now)) {
      this.#parts.count('relay_lookups_refused_total', 1, 'budget');
      return { unavailable: 'this relay has looked up too many twins in this minute' };
    }
    this.#parts.count('rmb_cache_misses_total');
    const answer = await this.#ask(id, start + LOOKUP_MS, known);
    if ('unavailable' in answer && known !== undefined) return { found: known.twin };
    return answer;
  }

  /**
   * Reads twin `id` from the chain, and rewrites memory and KV. `unavailable` (within about 2 s): the chain is out of
   * reach or KV cannot be written, and nothing has changed.
   * @param block hash of the block to read at, so that a node that is behind does not answer; absent: the newest
   */
  async refresh(id: number, block?: string): Promise<TwinLookup> {
    return (await this.renew(id, block)).lookup;
  }

  /** As `refresh`. `before`: the record as it was cached, if it was. */
  async renew(
    id: number,
    block?: string,
  ): Promise<{ readonly lookup: TwinLookup; readonly before?: Twin | undefined }> {
    if (!isTwinId(id)) return { lookup: { unknown: true } };
    const last = this.#parts.memory.last(id);
    const { lookup, stored } = await this.#reread(id, block);
    const before = stored === undefined || (last !== undefined && last.readAt > stored.readAt) ? last : stored;
    return { lookup, before: before?.twin };
  }

  /** Reads a twin and rewrites the caches. Returns also what KV had. */
  async #reread(
    id: number,
    block: string | undefined,
  ): Promise<{ readonly lookup: TwinLookup; readonly stored?: TwinRecord | undefined }> {
    const { memory, chain, store } = this.#parts;
    const start = Date.now();
    // Not shared with look-ups in flight: they may have started before the change.
    const [answer, text] = await Promise.all([
      chain.read(id, LOOKUP_MS, block),
      this.#get(twinKey(id)),
      this.#seeGeneration(),
    ]);
    if (!answer.ok) return { lookup: { unavailable: `the chain is out of reach (${answer.error})` } };
    const stored = typeof text === 'string' ? decodeRecord(id, text) : undefined;
    const now = Date.now();
    try {
      const twin = answer.value;
      if (twin === undefined) {
        if (text !== null) await store.delete(twinKey(id));
        memory.rememberUnknown(id, now);
      } else {
        const record = { twin, readAt: start, generation: memory.generation(now).value };
        if (!this.#isUpToDate(stored, twin, now)) await store.put(twinKey(id), encodeRecord(record));
        memory.remember(record, now);
      }
      memory.rememberRefresh(id, now);
      memory.chainAnswered();
      return { lookup: twin === undefined ? { unknown: true } : { found: twin }, stored };
    } catch (error) {
      return { lookup: { unavailable: `the record of twin ${id} cannot be rewritten (${error})` } };
    }
  }

  /**
   * Makes every cached record stale. Stale records still serve while the chain is out of reach. Other isolates follow
   * within two minutes. Rejects when KV cannot be written.
   */
  async newGeneration(name: string): Promise<void> {
    const { memory, store } = this.#parts;
    await store.put(GENERATION_KEY, name);
    memory.forgetKnown();
    memory.rememberGeneration(name, Date.now());
  }

  #isBeyond(id: number, until: number): Promise<boolean> {
    const { memory, chain } = this.#parts;
    return memory.strangers.isBeyond(id, until, async () => {
      const counted = await chain.lastId(Math.max(until - Date.now(), 0));
      return counted.ok ? counted.value : undefined;
    });
  }

  #fromCache(lookup: TwinLookup): TwinLookup {
    this.#parts.count('rmb_cache_hits_total');
    return lookup;
  }

  /** Returns the newest record in memory or KV, however old. */
  async #stored(id: number): Promise<TwinRecord | undefined> {
    const { memory, seeRegion } = this.#parts;
    const [text] = await Promise.all([this.#get(twinKey(id)), this.#seeGeneration(), seeRegion(id)]);
    const record = typeof text === 'string' ? decodeRecord(id, text) : undefined;
    const last = memory.last(id);
    if (record === undefined || last === undefined) return record ?? last;
    return record.readAt >= last.readAt ? record : last;
  }

  async #seeGeneration(): Promise<void> {
    const { memory } = this.#parts;
    if (!memory.generation(Date.now()).old) return;
    const generation = await this.#get(GENERATION_KEY);
    if (generation !== undefined) memory.rememberGeneration(generation ?? NO_GENERATION, Date.now());
  }

  /** Returns a value of KV; null if it has none, undefined if it fails or is slow. */
  async #get(key: string): Promise<string | null | undefined> {
    const slow = new AbortController();
    const { store } = this.#parts;
    try {
      return await Promise.race([store.get(key), wait(STORE_MS, slow.signal).then(() => undefined)]);
    } catch {
      return undefined; // KV is only a cache: the chain has the answer as well.
    } finally {
      slow.abort();
    }
  }

  #isCurrent({ twin, readAt, generation }: TwinRecord, now: number): boolean {
    if (generation !== this.#parts.memory.generation(now).value) return false;
    return generation !== NO_GENERATION || now - readAt < unwatchedMs(twin.id);
  }

  /** Returns whether a record of KV is current and equals the twin. */
  #isUpToDate(record: TwinRecord | undefined, twin: Twin, now: number): boolean {
    return record !== undefined && this.#isCurrent(record, now) && isSame(record.twin, twin);
  }

  async #ask(id: number, until: number, known: TwinRecord | undefined): Promise<TwinLookup> {
    const read = (asked: ReadonlyMap<number, TwinRecord | undefined>, tell: Tell<Twin | undefined>) =>
      this.#read(asked, until, tell);
    const background = (work: Promise<void>) => this.#parts.background(work);
    const answer = await this.#parts.memory.dials.once(id, known, read, until, background);
    if (answer === undefined) return { unavailable: 'the chain did not answer in time' };
    if (!answer.ok) return { unavailable: `the chain is out of reach (${answer.error})` };
    return answer.value === undefined ? { unknown: true } : { found: answer.value };
  }

  /** Reads twins together. What comes after `until` is still learned, because the client tries again. */
  async #read(
    asked: ReadonlyMap<number, TwinRecord | undefined>,
    until: number,
    tell: Tell<Twin | undefined>,
  ): Promise<void> {
    const { memory, chain } = this.#parts;
    const start = Date.now();
    let isThere = false;
    const budget = Math.max(until - start, LEAST_DIAL_MS);
    const unread = new Map([...asked].filter(([, known]) => known === undefined));
    await chain.readMany([...asked.keys()], budget, (id, answer) => {
      isThere ||= answer.ok;
      if (answer.ok) unread.delete(id);
      if (answer.ok) this.#learn(id, answer.value, asked.get(id), start);
      else if (!isThere) memory.chainFailed(Date.now());
      tell(id, answer);
    });
    memory.strangers.giveBack(unread.size, start);
  }

  #learn(id: number, twin: Twin | undefined, known: TwinRecord | undefined, readAt: number): void {
    const { memory, store } = this.#parts;
    const background = (work: Promise<void>) => this.#parts.background(quietly(work));
    const now = Date.now();
    memory.chainAnswered();
    if (memory.isOvertaken(id, readAt)) return;
    if (twin === undefined) {
      memory.rememberUnknown(id, now);
      if (known !== undefined) background(store.delete(twinKey(id)));
      return;
    }
    const record = { twin, readAt, generation: memory.generation(now).value };
    memory.remember(record, now);
    // A write costs ten reads, so an unchanged current record is not written again.
    if (!this.#isUpToDate(known, twin, now)) background(store.put(twinKey(id), encodeRecord(record)));
  }
}

/** Returns for how long a record of this twin is current without a watcher. Twins that were read together differ in it. */
function unwatchedMs(id: number): number {
  return UNWATCHED_MS * (1 - ((id * GOLDEN) % 1) / 4);
}

/** Returns whether a twin can have this id: a u32 from 1 on. Relays sign their errors as twin 0. */
function isTwinId(id: number): boolean {
  return Number.isInteger(id) && id > 0 && id <= 0xffffffff;
}

function isSame(a: Twin, b: Twin): boolean {
  const text = (twin: Twin) => encodeRecord({ twin, readAt: 0, generation: NO_GENERATION });
  return text(a) === text(b);
}

/** Logs a failed write of the cache, for example at a daily limit. It costs speed, not the answer. */
async function quietly(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    logLine('warn', 'twin-cache-not-written', { error: String(error) });
  }
}
