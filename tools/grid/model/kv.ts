import type { Random } from '../../simulate/world/random.ts';
import { INPUTS } from '../inputs.ts';

/** A value of KV: the generation in which the record was read, since a time (ms). */
interface Value {
  readonly generation: string;
  readonly since: number;
}

/** The normal distribution's 99th of a hundred. */
const Z99 = 2.326;

/** The KV namespace of twins, seen from one region: reads take time, and see writes late. */
export class KvRegion {
  readonly #random: Random;
  readonly #store: KvStore;
  readonly #cached = new Map<number, { readonly value: Value | undefined; readonly until: number }>();
  reads = 0;

  constructor(random: Random, store: KvStore) {
    this.#random = random;
    this.#store = store;
  }

  /** Reads a key. Returns the value's generation (undefined: none), and how long it takes, ms. */
  read(id: number, now: number): { readonly generation: string | undefined; readonly ms: number } {
    this.reads += 1;
    const cached = this.#cached.get(id);
    if (cached !== undefined && now < cached.until) {
      return { generation: cached.value?.generation, ms: this.#time(INPUTS.kv.hot) };
    }
    const value = this.#store.get(id);
    this.#cached.set(id, { value, until: now + INPUTS.platform.kvCacheMs });
    return { generation: value?.generation, ms: this.#time(INPUTS.kv.cold) };
  }

  /** Draws from a log-normal distribution. */
  #time({ p50, p99 }: { readonly p50: number; readonly p99: number }): number {
    const [u, v] = [1 - this.#random.next(), this.#random.next()];
    const normal = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    return p50 * Math.exp((normal * Math.log(p99 / p50)) / Z99);
  }
}

/** What KV holds in all regions. */
export class KvStore {
  readonly #values = new Map<number, Value>();
  writes = 0;
  /** Writes that came too soon after the last one of their key. */
  refusedWrites = 0;

  /** Fills the namespace, as `npm run prewarm` does. */
  fill(id: number, generation: string): void {
    this.#values.set(id, { generation, since: Number.NEGATIVE_INFINITY });
  }

  get(id: number): Value | undefined {
    return this.#values.get(id);
  }

  write(id: number, generation: string, now: number): void {
    this.writes += 1;
    const before = this.#values.get(id);
    if (before !== undefined && now - before.since < INPUTS.platform.kvWriteMs) this.refusedWrites += 1;
    else this.#values.set(id, { generation, since: now });
  }
}
