import { WorkerEntrypoint } from 'cloudflare:workers';
import type { ChainReader, ChainStep, FollowRequest, TwinLookup, TwinReader } from '../../durable-objects/contract.ts';
import { ChainBlocks } from '../chain-events/chain-blocks.ts';
import { EventTables, TableMemory } from '../chain-events/event-tables.ts';
import { NodeLog } from '../chain-events/node-log.ts';
import { knownTwins } from '../known-twins.ts';
import { type CountingEnv, countRefusal, countTraffic } from '../worker-counts.ts';
import { ChainTwins } from './chain-twins.ts';
import { overHttp } from './http-call.ts';
import { ChainNodes } from './nodes.ts';
import { Resolver } from './resolver.ts';
import { ResolverMemory } from './resolver-memory.ts';
import { overWebSocket } from './ws-call.ts';

/** What the resolver takes from wrangler.toml. */
export interface ResolverEnv extends CountingEnv {
  readonly TWINS: KVNamespace;
  readonly SUBSTRATE_URLS: string;
}

// Of this isolate: caches that may vanish at any time, and no request's I/O.
const memory = new ResolverMemory();
const tables = new TableMemory();
const log = new NodeLog();
let chain: { readonly urls: string; readonly nodes: ChainNodes } | undefined;

function nodesOf(urls: string): ChainNodes {
  if (chain?.urls !== urls) chain = { urls, nodes: new ChainNodes(urls, { http: overHttp, ws: overWebSocket }) };
  return chain.nodes;
}

/** The resolver for the Worker and for objects, by `ctx.exports.TwinResolver`: no binding to deploy. */
export class TwinResolver extends WorkerEntrypoint<ResolverEnv> implements TwinReader, ChainReader {
  /** See `Resolver.lookup`. */
  async lookup(id: number): Promise<TwinLookup> {
    return await this.#resolver().lookup(id);
  }

  /** See `Resolver.refresh`. The caller bounds how often: each call reads the chain. */
  async refresh(id: number, block?: string): Promise<TwinLookup> {
    const lookup = await this.#resolver().refresh(id, block);
    knownTwins.forget(id);
    return lookup;
  }

  /** See `ChainBlocks.follow`. */
  async follow(request: FollowRequest): Promise<ChainStep> {
    const nodes = nodesOf(this.env.SUBSTRATE_URLS);
    const later = (work: Promise<void>) => this.ctx.waitUntil(work);
    return await new ChainBlocks(nodes, new EventTables(tables, this.env.TWINS, later), log).follow(request);
  }

  /** See `Resolver.newGeneration`. */
  async newGeneration(name: string): Promise<void> {
    await this.#resolver().newGeneration(name);
    knownTwins.forgetAll();
  }

  /** How many known twins this isolate remembers. */
  cachedTwins(): number {
    return memory.size;
  }

  #resolver(): Resolver {
    const { TWINS, SUBSTRATE_URLS } = this.env;
    return new Resolver({
      memory,
      chain: new ChainTwins(nodesOf(SUBSTRATE_URLS)),
      store: TWINS,
      looked: (where) =>
        countTraffic(this.env, this.ctx, where === 'cache' ? 'rmb_cache_hits_total' : 'rmb_cache_misses_total'),
      refused: (reason) => countRefusal(this.env, this.ctx, 'relay_lookups_refused_total', reason),
      later: (work) => this.ctx.waitUntil(work),
    });
  }
}
