// A Worker around the resolver for test/chain/twin-resolver.test.ts. It calls the resolver as the relay does.
import { DurableObject } from 'cloudflare:workers';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { TwinLookup } from '../../durable-objects/contract.ts';
import type { ResolverEnv } from './twin-resolver.ts';

export { StatsObject } from '../../durable-objects/stats/stats-object.ts';
export { TwinResolver } from './twin-resolver.ts';

/** By how much the clock of this isolate is slowed, so that a busy machine is not late. */
let slower = 1;
const [realNow, realTimeout] = [Date.now, setTimeout];
Date.now = () => realNow() / slower;
Reflect.set(globalThis, 'setTimeout', (work: () => void, ms = 0) => realTimeout(work, ms * slower));

interface HarnessEnv extends ResolverEnv {
  readonly SLOWER: number;
  readonly ASKER: DurableObjectNamespace<Asker>;
}

function readable(lookup: TwinLookup): object {
  if (!('found' in lookup)) return lookup;
  const { account, pk, ...rest } = lookup.found;
  return { found: { ...rest, account: bytesToHex(account), pk: pk === null ? null : bytesToHex(pk) } };
}

/** An object that looks twins up, and can be aborted meanwhile. */
export class Asker extends DurableObject<HarnessEnv> {
  async ask(id: number): Promise<TwinLookup> {
    return await this.ctx.exports.TwinResolver.lookup(id);
  }

  cut(): void {
    this.ctx.abort('cut by the test');
  }
}

/** `/lookup/<id>`, `/refresh/<id>`, `/object/<id>?name=`, `/cut/0?name=`. `?n=` makes so many calls at once. */
export default {
  async fetch(request, env, ctx) {
    slower = env.SLOWER;
    const url = new URL(request.url);
    const [, what, text] = url.pathname.split('/');
    const id = Number(text);
    const resolver = ctx.exports.TwinResolver;
    const object = env.ASKER.getByName(url.searchParams.get('name') ?? '');
    const one = async (): Promise<object> => {
      if (what === 'refresh') return readable(await resolver.refresh(id));
      if (what === 'object') return readable(await object.ask(id));
      if (what === 'lookup') return readable(await resolver.lookup(id));
      await object.cut();
      return {};
    };
    const times = Number(url.searchParams.get('n') ?? 1);
    try {
      return Response.json(await Promise.all(Array.from({ length: times }, one)));
    } catch (error) {
      return Response.json([{ threw: String(error) }], { status: 500 });
    }
  },
} satisfies ExportedHandler<HarnessEnv>;
