import { WorkerEntrypoint } from 'cloudflare:workers';
import type {
  ChainReader,
  ChainStep,
  FollowRequest,
  TwinLookup,
  TwinReader,
  TwinRefresh,
} from '../../durable-objects/contract.ts';
import type { Region } from '../../durable-objects/placement/region.ts';
import { ChainBlocks } from '../chain-events/chain-blocks.ts';
import { EventTables, TableMemory } from '../chain-events/event-tables.ts';
import { NodeLog } from '../chain-events/node-log.ts';
import { knownTwins } from '../known-twins.ts';
import { type CountingEnv, workerCount } from '../operator/worker-counts.ts';
import { RegionMemory, Regions } from '../placement/regions.ts';
import { charge } from '../strangers-limit.ts';
import { ChainTwins } from './chain-twins.ts';
import { overHttp } from './http-call.ts';
import { GENERATION_KEY } from './kv-record.ts';
import { ChainNodes } from './nodes.ts';
import { Resolver } from './resolver.ts';
import { ResolverMemory } from './resolver-memory.ts';
import { overWebSocket } from './ws-call.ts';

/** The bindings and variables of the resolver. */
export interface ResolverEnv extends CountingEnv {
  readonly TWINS: KVNamespace;
  readonly SUBSTRATE_URLS: string;
  /** Limits the look-ups of twins that no cache has, by the address that asks. */
  readonly STRANGERS: RateLimit;
}

// Of this isolate: caches that may vanish at any time, without I/O of a request.
const memory = new ResolverMemory(Math.random);
const regionMemory = new RegionMemory();
const tables = new TableMemory();
const log = new NodeLog();
let chain: { readonly urls: string; readonly nodes: ChainNodes } | undefined;

function nodesOf(urls: string): ChainNodes {
  if (chain?.urls !== urls) chain = { urls, nodes: new ChainNodes(urls, { http: overHttp, ws: overWebSocket }) };
  return chain.nodes;
}

/** The resolver for the Worker and for objects, by `ctx.exports.TwinResolver`, so that no binding is deployed. */
export class TwinResolver extends WorkerEntrypoint<ResolverEnv> implements TwinReader, ChainReader {
  /** See `Resolver.lookup`. */
  async lookup(id: number): Promise<TwinLookup> {
    return await this.#regions().with(await this.#resolver().lookup(id));
  }

  /** As `lookup`, for a stranger's request: an address at its limit gets only twins of the caches. */
  async lookupFor(id: number, address: string): Promise<TwinLookup> {
    const lookup = await this.#resolver().lookup(id, () => charge(this.env.STRANGERS, address));
    return await this.#regions().with(lookup);
  }

  /** Notes that the object of a twin is in a region, because it was made there; see `Regions.settle`. */
  async settle(twin: number, region: Region): Promise<void> {
    await this.#regions().settle(twin, region);
    knownTwins.forget(twin);
  }

  /** See `Resolver.refresh`. Each call reads the chain, so the caller limits how often. */
  async refresh(id: number, block?: string): Promise<TwinRefresh> {
    const { lookup, before } = await this.#resolver().renew(id, block);
    knownTwins.forget(id);
    const fresh = this.#regions().remembered(lookup);
    return before === undefined || !('found' in fresh) ? fresh : { ...fresh, before: before.relay };
  }

  /** See `ChainBlocks.follow`. */
  async follow(request: FollowRequest): Promise<ChainStep> {
    const nodes = nodesOf(this.env.SUBSTRATE_URLS);
    const background = (work: Promise<void>) => this.ctx.waitUntil(work);
    return await new ChainBlocks(nodes, new EventTables(tables, this.env.TWINS, background), log).follow(request);
  }

  /** Returns the name of the current generation, as KV has it. */
  async generation(): Promise<string | undefined> {
    return (await this.env.TWINS.get(GENERATION_KEY)) ?? undefined;
  }

  /** See `Resolver.newGeneration`. */
  async newGeneration(name: string): Promise<void> {
    await this.#resolver().newGeneration(name);
    knownTwins.forgetAll();
  }

  /** Returns the number of known twins in this isolate's memory. */
  cachedTwins(): number {
    return memory.size;
  }

  #resolver(): Resolver {
    const { TWINS, SUBSTRATE_URLS } = this.env;
    return new Resolver({
      memory,
      chain: new ChainTwins(nodesOf(SUBSTRATE_URLS)),
      store: TWINS,
      seeRegion: (id) => this.#regions().see(id),
      count: workerCount(this.env, this.ctx),
      background: (work) => this.ctx.waitUntil(work),
    });
  }

  #regions(): Regions {
    return new Regions(regionMemory, this.env.TWINS);
  }
}
