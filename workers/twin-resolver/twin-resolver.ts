import { WorkerEntrypoint } from 'cloudflare:workers';
import type { TwinLookup, TwinReader } from '../../durable-objects/contract.ts';
import { ChainTwins } from './chain-twins.ts';
import { overHttp } from './http-call.ts';
import { ChainNodes } from './nodes.ts';
import { Resolver } from './resolver.ts';
import { ResolverMemory } from './resolver-memory.ts';
import { overWebSocket } from './ws-call.ts';

/** What the resolver takes from wrangler.toml. */
export interface ResolverEnv {
  readonly TWINS: KVNamespace;
  readonly SUBSTRATE_URLS: string;
}

// Of this isolate: caches that may vanish at any time, and no request's I/O.
const memory = new ResolverMemory();
let chain: { readonly urls: string; readonly twins: ChainTwins } | undefined;

function chainOf(urls: string): ChainTwins {
  if (chain?.urls !== urls) {
    chain = { urls, twins: new ChainTwins(new ChainNodes(urls, { http: overHttp, ws: overWebSocket })) };
  }
  return chain.twins;
}

/** The resolver for the Worker and for objects, by `ctx.exports.TwinResolver`: no binding to deploy. */
export class TwinResolver extends WorkerEntrypoint<ResolverEnv> implements TwinReader {
  /** See `Resolver.lookup`. */
  async lookup(id: number): Promise<TwinLookup> {
    return await this.#resolver().lookup(id);
  }

  /** See `Resolver.refresh`. The caller bounds how often: each call reads the chain. */
  async refresh(id: number): Promise<TwinLookup> {
    return await this.#resolver().refresh(id);
  }

  #resolver(): Resolver {
    const { TWINS, SUBSTRATE_URLS } = this.env;
    return new Resolver({
      memory,
      chain: chainOf(SUBSTRATE_URLS),
      store: TWINS,
      later: (work) => this.ctx.waitUntil(work),
    });
  }
}
