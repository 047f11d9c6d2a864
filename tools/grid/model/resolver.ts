import { ResolverMemory } from '../../../workers/twin-resolver/resolver-memory.ts';
import type { Random } from '../../simulate/world/random.ts';
import { INPUTS } from '../inputs.ts';
import { PRODUCT } from '../product.ts';
import type { Agenda } from './agenda.ts';
import type { KvRegion, KvStore } from './kv.ts';

/** The chain: in reach or not, and the generation that its watcher has set. */
export interface Chain {
  isAway: boolean;
  generation: string;
  /** Dials of all isolates, the twins that they read, and the most dials of one isolate at a time. */
  dials: number;
  reads: number;
  mostDials: number;
}

type Done = (isFound: boolean) => void;

/** One isolate's part of the resolver: the product's memory, KV, then the chain in dials of many twins. */
export class IsolateResolver {
  readonly #agenda: Agenda;
  readonly #kv: KvRegion;
  readonly #store: KvStore;
  readonly #chain: Chain;
  readonly #memory: ResolverMemory;
  readonly #waiting = new Map<number, Done[]>();
  readonly #reading = new Map<number, Done[]>();
  #dials = 0;
  /** When an upgrade finds the isolate's processor free, ms. */
  freeAt = 0;
  lookups = 0;
  hits = 0;

  constructor(agenda: Agenda, random: Random, kv: KvRegion, store: KvStore, chain: Chain) {
    this.#agenda = agenda;
    this.#kv = kv;
    this.#store = store;
    this.#chain = chain;
    this.#memory = new ResolverMemory(() => random.next());
  }

  /** Twins in memory. */
  get remembered(): number {
    return this.#memory.size;
  }

  /** Looks a twin up. Calls `done` once: at once, or later. */
  lookup(id: number, done: Done): void {
    const now = this.#agenda.now;
    this.lookups += 1;
    if (this.#memory.fresh(id, now) !== undefined) {
      this.hits += 1;
      done(true);
      return;
    }
    const until = now + PRODUCT.lookupMs;
    const { ms, generation } = this.#kv.read(id, now);
    this.#seeGeneration(now);
    this.#agenda.at(now + Math.min(ms, PRODUCT.storeMs), () => {
      this.#judge(id, ms > PRODUCT.storeMs ? undefined : generation, until, done);
    });
  }

  #seeGeneration(now: number): void {
    if (!this.#memory.generation(now).old) return;
    this.#kv.reads += 1;
    this.#memory.rememberGeneration(this.#chain.generation, now);
  }

  #judge(id: number, generation: string | undefined, until: number, done: Done): void {
    const now = this.#agenda.now;
    const known = generation ?? this.#memory.last(id)?.generation;
    const isCurrent = known === this.#memory.generation(now).value;
    if (known !== undefined && (isCurrent || !this.#memory.mayTryChain(now))) {
      this.#remember(id, known);
      done(true);
      return;
    }
    const isAsked = this.#waiting.has(id) || this.#reading.has(id);
    if (known === undefined && !isAsked && !this.#memory.strangers.mayDial(now)) {
      done(false);
      return;
    }
    this.#ask(id, until, (isFound) => done(isFound || known !== undefined));
  }

  /** Waits for the chain, at most until a time. */
  #ask(id: number, until: number, done: Done): void {
    let isOver = false;
    const once: Done = (isFound) => {
      if (isOver) return;
      isOver = true;
      done(isFound);
    };
    const reading = this.#reading.get(id);
    if (reading !== undefined) reading.push(once);
    else this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), once]);
    this.#agenda.at(until, () => once(false));
    this.#dial();
  }

  #dial(): void {
    while (this.#dials < PRODUCT.dials && this.#waiting.size > 0) {
      const ids = [...this.#waiting.keys()].slice(0, PRODUCT.keysADial);
      for (const id of ids) {
        this.#reading.set(id, this.#waiting.get(id) ?? []);
        this.#waiting.delete(id);
      }
      this.#dials += 1;
      this.#chain.dials += 1;
      this.#chain.reads += ids.length;
      this.#chain.mostDials = Math.max(this.#chain.mostDials, this.#dials);
      const { isAway } = this.#chain;
      const ms = isAway ? PRODUCT.lookupMs : INPUTS.network.chainMs;
      this.#agenda.at(this.#agenda.now + ms, () => this.#answered(ids, !isAway));
    }
  }

  #answered(ids: readonly number[], isThere: boolean): void {
    const now = this.#agenda.now;
    this.#dials -= 1;
    if (isThere) this.#memory.chainAnswered();
    else this.#memory.chainFailed(now);
    for (const id of ids) {
      const waiting = this.#reading.get(id) ?? [];
      this.#reading.delete(id);
      if (isThere) {
        const { value } = this.#memory.generation(now);
        this.#remember(id, value);
        if (this.#store.get(id)?.generation !== value) this.#store.write(id, value, now);
      }
      for (const done of waiting) done(isThere);
    }
    this.#dial();
  }

  #remember(id: number, generation: string): void {
    const now = this.#agenda.now;
    this.#memory.remember({ twin: { id, account: NO_KEY, relay: null, pk: null }, readAt: now, generation }, now);
  }
}

/** The model looks at no keys. */
const NO_KEY = new Uint8Array(0);
