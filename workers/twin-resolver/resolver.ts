import { wait } from '../../chain/wait.ts';
import type { TwinLookup } from '../../durable-objects/contract.ts';
import type { Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import type { TwinRecord } from './kv-record.ts';
import { decodeRecord, encodeRecord, GENERATION_KEY, twinKey } from './kv-record.ts';
import type { ResolverMemory } from './resolver-memory.ts';

/** A lookup has its answer, or its named error, within 2 s; what is left of them is the way there and back (ms). */
const LOOKUP_MS = 1_700;
/** A store that has not answered by then is passed over (ms). */
const STORE_MS = 500;
/** Until the chain watcher has named its first generation, a record read longer ago is read again (ms). */
const UNWATCHED_MS = 600_000;

const NO_GENERATION = '';

/** What the resolver needs of a KV namespace. */
interface TwinStore {
  get(key: string): Promise<string | null>;
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
}

/** What the resolver needs of the chain. Must not reject. */
interface TwinSource {
  /**
   * Within `budget` ms: undefined is a twin that does not exist, an error a chain out of reach.
   * @param block hash of the block to read at; absent: the newest
   */
  read(id: number, budget: number, block?: string): Promise<Result<Twin | undefined, string>>;
  /** Within `budget` ms: the highest id that a twin ever had; undefined where the chain does not say. */
  lastId(budget: number): Promise<Result<number | undefined, string>>;
}

/** The parts of a resolver. */
export interface ResolverParts {
  readonly memory: ResolverMemory;
  readonly store: TwinStore;
  readonly chain: TwinSource;
  /** Counts where a look-up found its answer. */
  looked(where: 'cache' | 'chain'): void;
  /** Counts a look-up that did not ask the chain: no twin has the id, or the minute's budget of dials is spent. */
  refused(reason: 'beyond' | 'budget'): void;
  /** Lets work go on after the answer (`ctx.waitUntil`). */
  later(work: Promise<void>): void;
}

/** Looks twins up: this isolate's memory, then KV, then the chain. */
export class Resolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /**
   * Twin `id`, as it stands on chain as far as the chain watcher has told (without one: as read at most ten minutes
   * ago); while no node answers, as read at any time.
   * `unavailable` (within 2 s) says that the chain is out of reach and nothing is known of this twin.
   */
  async lookup(id: number): Promise<TwinLookup> {
    const start = Date.now();
    if (!isTwinId(id)) return { unknown: true };
    const { memory } = this.#parts;
    const remembered = memory.fresh(id, start);
    if (remembered !== undefined) return this.#fromCache({ found: remembered.twin });
    if (memory.isUnknown(id, start)) return this.#fromCache({ unknown: true });
    if (memory.last(id) === undefined && (await this.#isBeyond(id, start + LOOKUP_MS))) {
      this.#parts.refused('beyond');
      return this.#fromCache({ unknown: true });
    }
    const known = await this.#stored(id);
    const now = Date.now();
    // Meanwhile another request may have had the answer from the chain.
    if (memory.isUnknown(id, now)) return this.#fromCache({ unknown: true });
    if (known !== undefined && (this.#isCurrent(known, now) || !memory.mayTryChain(now))) {
      memory.remember(known, now);
      return this.#fromCache({ found: known.twin });
    }
    if (known === undefined && !memory.strangers.mayDial(now)) {
      this.#parts.refused('budget');
      return { unavailable: 'this relay has looked up too many twins in this minute' };
    }
    this.#parts.looked('chain');
    const answer = await this.#ask(id, start + LOOKUP_MS, known);
    if ('unavailable' in answer && known !== undefined) return { found: known.twin };
    return answer;
  }

  /**
   * Twin `id` from the chain, whatever memory and KV say; they hold it afterwards. `unavailable` (within about 2 s)
   * where the chain is out of reach or KV cannot be written: all is then as before.
   * @param block hash of the block to read at, so that no node that is behind is believed; absent: the newest
   */
  async refresh(id: number, block?: string): Promise<TwinLookup> {
    if (!isTwinId(id)) return { unknown: true };
    const { memory, chain, store } = this.#parts;
    const start = Date.now();
    // Not shared with look-ups that are under way: they may have begun before the change.
    const [answer, text] = await Promise.all([
      chain.read(id, LOOKUP_MS, block),
      this.#get(twinKey(id)),
      this.#seeGeneration(),
    ]);
    if (!answer.ok) return { unavailable: `the chain is out of reach (${answer.error})` };
    const now = Date.now();
    try {
      const twin = answer.value;
      if (twin === undefined) {
        if (text !== null) await store.delete(twinKey(id));
        memory.rememberUnknown(id, now);
      } else {
        const record = { twin, readAt: start, generation: memory.generation(now).value };
        const stands = typeof text === 'string' ? decodeRecord(id, text) : undefined;
        if (!this.#stands(stands, twin, now)) await store.put(twinKey(id), encodeRecord(record));
        memory.remember(record, now);
      }
      memory.rememberRefresh(id, now);
      memory.chainAnswered();
      return twin === undefined ? { unknown: true } : { found: twin };
    } catch (error) {
      return { unavailable: `the record of twin ${id} cannot be rewritten (${error})` };
    }
  }

  /**
   * From now on no record that stands in a cache is current; it still serves while the chain is out of reach. Other
   * isolates see it within two minutes. Rejects when KV cannot be written.
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
    this.#parts.looked('cache');
    return lookup;
  }

  /** The newest record that memory or KV has, however old. */
  async #stored(id: number): Promise<TwinRecord | undefined> {
    const { memory } = this.#parts;
    const [text] = await Promise.all([this.#get(twinKey(id)), this.#seeGeneration()]);
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

  /** A value of KV; null where it has none, undefined where it fails or is slow. */
  async #get(key: string): Promise<string | null | undefined> {
    const slow = new AbortController();
    const { store } = this.#parts;
    try {
      return await Promise.race([store.get(key), wait(STORE_MS, slow.signal).then(() => undefined)]);
    } catch {
      return undefined; // KV is a cache: what it cannot tell, the chain can
    } finally {
      slow.abort();
    }
  }

  #isCurrent({ readAt, generation }: TwinRecord, now: number): boolean {
    if (generation !== this.#parts.memory.generation(now).value) return false;
    return generation !== NO_GENERATION || now - readAt < UNWATCHED_MS;
  }

  /** Whether this record, as it stands in KV, says the same of the twin, and is current. */
  #stands(record: TwinRecord | undefined, twin: Twin, now: number): boolean {
    return record !== undefined && this.#isCurrent(record, now) && isSame(record.twin, twin);
  }

  async #ask(id: number, until: number, known: TwinRecord | undefined): Promise<TwinLookup> {
    const { memory, chain } = this.#parts;
    const work = async () => {
      const start = Date.now();
      const answer = await chain.read(id, Math.max(until - start, 0));
      if (answer.ok) this.#learn(id, answer.value, known, start);
      else memory.chainFailed(Date.now());
      return answer;
    };
    const answer = await memory.flights.once(id, work, until);
    if (answer === undefined) return { unavailable: 'the chain did not answer in time' };
    if (!answer.ok) return { unavailable: `the chain is out of reach (${answer.error})` };
    return answer.value === undefined ? { unknown: true } : { found: answer.value };
  }

  #learn(id: number, twin: Twin | undefined, known: TwinRecord | undefined, readAt: number): void {
    const { memory, store, later } = this.#parts;
    const now = Date.now();
    memory.chainAnswered();
    if (memory.isOvertaken(id, readAt)) return;
    if (twin === undefined) {
      memory.rememberUnknown(id, now);
      if (known !== undefined) later(quietly(store.delete(twinKey(id))));
      return;
    }
    const record = { twin, readAt, generation: memory.generation(now).value };
    memory.remember(record, now);
    // A write costs ten reads: what stands there already, and recently, is not written again.
    if (!this.#stands(known, twin, now)) later(quietly(store.put(twinKey(id), encodeRecord(record))));
  }
}

/** Twin ids are u32 and begin at 1; 0 is how relays sign their errors. */
function isTwinId(id: number): boolean {
  return Number.isInteger(id) && id > 0 && id <= 0xffffffff;
}

function isSame(a: Twin, b: Twin): boolean {
  const text = (twin: Twin) => encodeRecord({ twin, readAt: 0, generation: NO_GENERATION });
  return text(a) === text(b);
}

/** A cache that cannot be written (a daily limit, say) costs speed, not the answer. */
async function quietly(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    console.warn(JSON.stringify({ event: 'twin-cache-not-written', error: String(error) }));
  }
}
