// The deployed Worker on a stage, for test/relay/placement.test.ts: workerd is in one place only, so the stage says where
// requests come from, and notes which objects are called in which region, and which twins' objects are made.
// `PUT /stage?continent=EU` sets the origin of later requests, `GET /stage` returns the notes, `DELETE /stage` empties them.
// `PUT /kv?key=value` writes pairs into KV.
import type { WatcherEnv } from '../../durable-objects/chain-watcher/chain-watcher-object.ts';
import type { TwinEnv } from '../../durable-objects/twin/twin-object.ts';
import relay, { TwinResolver as Resolver, TwinObject as Twin, ChainWatcher as Watcher } from '../relay.ts';

export { StatsObject } from '../relay.ts';

// All objects of a local workerd share one isolate.
let origin: Readonly<Record<string, string>> = {};
let calls = new Set<string>();
let made = new Set<string>();

/** Returns a namespace that notes which objects are called, and in which region. */
function noting<T extends object>(binding: string, namespace: T): T {
  return new Proxy(namespace, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]) => {
        const [name, options] = args;
        if (key === 'getByName') calls.add(`${binding} ${name} ${regionIn(options)}`);
        return Reflect.apply(value, target, args);
      };
    },
  });
}

function regionIn(options: unknown): unknown {
  return typeof options === 'object' && options !== null ? Reflect.get(options, 'locationHint') : 'anywhere';
}

export class TwinObject extends Twin {
  constructor(ctx: DurableObjectState, env: TwinEnv) {
    made.add(ctx.id.name ?? 'a nameless one');
    super(ctx, { ...env, TWIN: noting('twin', env.TWIN), STATS: noting('stats', env.STATS) });
  }
}

export class ChainWatcher extends Watcher {
  constructor(ctx: DurableObjectState, env: WatcherEnv) {
    super(ctx, { ...env, TWIN: noting('twin', env.TWIN), STATS: noting('stats', env.STATS) });
  }
}

export class TwinResolver extends Resolver {}

export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/kv') {
      await Promise.all([...searchParams].map(([key, value]) => env.TWINS.put(key, value)));
      return new Response();
    }
    if (pathname !== '/stage') {
      const namespaces = {
        TWIN: noting('twin', env.TWIN),
        STATS: noting('stats', env.STATS),
        CHAIN_WATCHER: noting('watcher', env.CHAIN_WATCHER),
      };
      const staged = new Proxy(request, {
        get: (target, key) => {
          if (key === 'cf') return origin;
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      return await relay.fetch(staged, { ...env, ...namespaces }, ctx);
    }
    const notes = Response.json({ calls: [...calls], made: [...made] });
    if (request.method === 'DELETE') [calls, made] = [new Set(), new Set()];
    if (request.method === 'PUT') origin = Object.fromEntries(searchParams);
    return notes;
  },
  scheduled: relay.scheduled,
} satisfies ExportedHandler<Env>;
