import { statsShardOf } from '../../../durable-objects/stats/shards.ts';
import { Random } from '../../simulate/world/random.ts';
import { INPUTS, REGIONS, type Region } from '../inputs.ts';
import { PRODUCT } from '../product.ts';
import { Agenda } from './agenda.ts';
import { wayMs } from './distance.ts';
import { KvRegion, KvStore } from './kv.ts';
import { Place } from './place.ts';
import { Requests, type Visit } from './requests.ts';
import { type Chain, IsolateResolver } from './resolver.ts';

/** Settings of a run. */
export interface Setup {
  readonly seed: number;
  readonly rateLimit: { readonly messages: number; readonly bytes: number };
  readonly mailboxMessages: number;
}

/** What is billed, beside time. */
export interface Billed {
  upgrades: number;
  connections: number;
  frames: number;
  calls: number;
  reports: number;
  messages: number;
}

/** The parts that all scenarios share: clock, chance, isolates, KV, the chain and the stats objects. */
export class World {
  readonly agenda = new Agenda();
  readonly random: Random;
  readonly setup: Setup;
  readonly requests = new Requests();
  readonly store = new KvStore();
  readonly chain: Chain = { isAway: false, generation: 'first', dials: 0, reads: 0, mostDials: 0 };
  readonly billed: Billed = { upgrades: 0, connections: 0, frames: 0, calls: 0, reports: 0, messages: 0 };
  readonly shards: readonly Place[];
  readonly #kv: ReadonlyMap<Region, KvRegion>;
  #isolates: ReadonlyMap<Region, readonly IsolateResolver[]>;
  /** The longest time of an upgrade in the Worker and the twin's object, ms. */
  longestUpgradeMs = 0;
  /** Look-ups of isolates that a deploy ended. */
  readonly #before = { lookups: 0, hits: 0 };

  constructor(setup: Setup) {
    this.setup = setup;
    this.random = new Random(setup.seed);
    this.#kv = new Map(REGIONS.map((region) => [region, new KvRegion(this.random, this.store)]));
    this.#isolates = this.#start();
    this.shards = Array.from({ length: PRODUCT.statsShards }, () => new Place('Europe', INPUTS.platform));
  }

  get now(): number {
    return this.agenda.now;
  }

  /** Returns an isolate of the Worker in a region. */
  isolate(region: Region): IsolateResolver {
    const isolates = this.#isolates.get(region) ?? [];
    const isolate = isolates[Math.floor(this.random.next() * isolates.length)];
    if (isolate === undefined) throw new Error(`no isolate in ${region}`);
    return isolate;
  }

  /** A deploy: all isolates are new, and know nothing. */
  renewIsolates(): void {
    for (const { lookups, hits } of this.#all()) {
      this.#before.lookups += lookups;
      this.#before.hits += hits;
    }
    this.#isolates = this.#start();
  }

  /** Look-ups that reached the resolver, and those that its memory answered. */
  get lookups(): { readonly all: number; readonly hits: number } {
    const sum = (key: 'lookups' | 'hits') => this.#all().reduce((total, each) => total + each[key], this.#before[key]);
    return { all: sum('lookups'), hits: sum('hits') };
  }

  get kvReads(): number {
    return [...this.#kv.values()].reduce((sum, { reads }) => sum + reads, 0);
  }

  /** The most twins in an isolate's memory. */
  get mostInMemory(): number {
    return this.#all().reduce((most, { remembered }) => Math.max(most, remembered), 0);
  }

  /** A twin's object reports to its shard. */
  report(twin: number, region: Region): void {
    const shard = this.shards[statsShardOf(twin)];
    if (shard === undefined) return;
    this.agenda.at(this.now + wayMs(region, shard.region), () => {
      const handledAt = shard.call(this.now);
      if (handledAt !== undefined) shard.awake(this.now, handledAt);
    });
  }

  /** Sends envelopes again after the pause of their client, while they live. @param refusals how often they came back */
  again(visit: Visit, count: number, refusals: number, run: () => void): void {
    const at = this.now + Math.min(PRODUCT.restMs * 2 ** refusals, PRODUCT.longestRestMs);
    if (at >= visit.expiresAt) {
      const endAt = Math.max(this.now, visit.expiresAt);
      this.agenda.at(endAt, () => this.requests.end(visit, 'time over', count, endAt));
      return;
    }
    this.requests.repeats += count;
    this.agenda.at(at, run);
  }

  #all(): readonly IsolateResolver[] {
    return [...this.#isolates.values()].flat();
  }

  #start(): ReadonlyMap<Region, readonly IsolateResolver[]> {
    const start = (kv: KvRegion) => new IsolateResolver(this.agenda, this.random, kv, this.store, this.chain);
    return new Map(
      [...this.#kv].map(([region, kv]) => [region, Array.from({ length: INPUTS.isolates }, () => start(kv))]),
    );
  }
}
