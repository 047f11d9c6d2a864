import { Hono } from 'hono';
import type { TwinLookup } from '../durable-objects/contract.ts';
import { logLine } from '../durable-objects/log.ts';
import { chainWatcher, twinObject } from '../durable-objects/objects.ts';
import { settingsOf } from '../durable-objects/settings.ts';
import { sessionUrl } from '../durable-objects/twin/sessions/session-request.ts';
import { checkPosted, checkResponse, forPages } from './check.ts';
import { type ConnectPort, checkUpgrade, objectRefusal } from './connect.ts';
import { federationIn } from './federation/federation-route.ts';
import { knownTwins } from './known-twins.ts';
import { objectFailed } from './object-failed.ts';
import { operator } from './operator/operator.ts';
import { regionOf } from './placement/region-of.ts';
import { refuse } from './refuse.ts';
import { addressOf, chargedRefusal } from './strangers-limit.ts';
import { verify } from './verify.ts';

export { ChainWatcher } from '../durable-objects/chain-watcher/chain-watcher-object.ts';
export { StatsObject } from '../durable-objects/stats/stats-object.ts';
export { TwinObject } from '../durable-objects/twin/twin-object.ts';
export { TwinResolver } from './twin-resolver/twin-resolver.ts';

const app = new Hono<{ Bindings: Env }>();

/** The resolver, as strangers reach it. */
interface Resolver {
  lookupFor(id: number, address: string): Promise<TwinLookup>;
}

/** Returns the port of a token's check, for a request from this address. */
function connectPort(env: Env, resolver: Resolver, address: string): ConnectPort {
  return {
    recall: (twin) => knownTwins.recall(twin, Date.now()),
    lookup: (twin) => knownTwins.renew(twin, Date.now(), (id) => resolver.lookupFor(id, address)),
    now: () => Math.floor(Date.now() / 1000),
    names: settingsOf(env).tokenAudience,
    verify,
  };
}

app.post('/', (context) => {
  const { env, executionCtx } = context;
  return federationIn(context.req.raw, env, executionCtx, executionCtx.exports.TwinResolver);
});

// A page learns neither status nor body of a refused upgrade: it asks here.
app.post('/check', async ({ env, executionCtx, req }) => {
  const address = addressOf(req.raw.headers);
  const checked = await checkPosted(req.raw, {
    ...connectPort(env, executionCtx.exports.TwinResolver, address),
    charged: (refusal) => chargedRefusal(env.STRANGERS, address, refusal),
  });
  return checked.ok ? checkResponse(checked.value) : forPages(refuse(env, executionCtx, checked.error));
});

// Any path upgrades, as at the Rust relay. (workerd itself refuses an upgrade with another method than GET.)
app.use('*', async (context, next) => {
  if (context.req.header('upgrade')?.toLowerCase() !== 'websocket') return next();
  const resolver = context.executionCtx.exports.TwinResolver;
  const { STRANGERS } = context.env;
  const address = addressOf(context.req.raw.headers);
  const checked = await checkUpgrade(context.req.raw, connectPort(context.env, resolver, address));
  if (!checked.ok) {
    return refuse(context.env, context.executionCtx, await chargedRefusal(STRANGERS, address, checked.error));
  }
  const { twin } = checked.value;
  const known = knownTwins.regionOf(twin, Date.now());
  const region = known ?? regionOf(context.req.raw.cf);
  let response: Response | undefined;
  try {
    const object = twinObject(context.env.TWIN, twin, region ?? settingsOf(context.env).defaultRegion);
    response = await object.fetch(sessionUrl(checked.value), { headers: { upgrade: 'websocket' } });
  } catch (error) {
    objectFailed(context.env, context.executionCtx, { call: 'connect', twin }, error);
  }
  if (response?.status !== 101) {
    return refuse(context.env, context.executionCtx, objectRefusal(twin, response?.status));
  }
  if (known === undefined && region !== undefined) context.executionCtx.waitUntil(resolver.settle(twin, region));
  return response;
});

app.route('/', operator);

app.notFound((context) =>
  refuse(context.env, context.executionCtx, {
    code: 'not-found',
    message: 'page not found',
    hint: 'twins connect with a WebSocket to /?TOKEN; other paths are /version, /healthz, /readyz and /metrics',
  }),
);

app.onError((error, context) => {
  logLine('error', 'request-failed', { path: context.req.path, error: error.message });
  return refuse(context.env, context.executionCtx, {
    code: 'internal',
    message: 'internal error',
    hint: 'see the log of the relay',
  });
});

export default {
  fetch: app.fetch,
  // Once a minute: the watchdog of the object that follows the chain.
  scheduled: async (_controller, env) => await chainWatcher(env.CHAIN_WATCHER, settingsOf(env).relayRegion).start(),
} satisfies ExportedHandler<Env>;
