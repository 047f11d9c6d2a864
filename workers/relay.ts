import { Hono } from 'hono';
import { chainWatcher, twinObject } from '../durable-objects/objects.ts';
import { settingsOf } from '../durable-objects/settings.ts';
import { sessionUrl } from '../durable-objects/twin/session-request.ts';
import { checkUpgrade, tooManySessions } from './connect.ts';
import { federationIn } from './federation-route.ts';
import { knownTwins } from './known-twins.ts';
import { operator } from './operator.ts';
import { refuse } from './refuse.ts';

export { ChainWatcher } from '../durable-objects/chain-watcher/chain-watcher-object.ts';
export { StatsObject } from '../durable-objects/stats/stats-object.ts';
export { TwinObject } from '../durable-objects/twin/twin-object.ts';
export { TwinResolver } from './twin-resolver/twin-resolver.ts';

const app = new Hono<{ Bindings: Env }>();

app.post('/', (context) => {
  const { env, executionCtx } = context;
  return federationIn(context.req.raw, env, executionCtx, executionCtx.exports.TwinResolver);
});

// Any path upgrades, as the Rust relay has it. (workerd itself refuses an upgrade by another method than GET.)
app.use('*', async (context, next) => {
  if (context.req.header('upgrade')?.toLowerCase() !== 'websocket') return next();
  const resolver = context.executionCtx.exports.TwinResolver;
  const checked = await checkUpgrade(context.req.raw, {
    recall: (twin) => knownTwins.recall(twin, Date.now()),
    lookup: (twin) => knownTwins.renew(twin, Date.now(), (id) => resolver.lookup(id)),
    now: () => Math.floor(Date.now() / 1000),
    names: settingsOf(context.env).tokenAudience,
  });
  if (!checked.ok) return refuse(context.env, context.executionCtx, checked.error);
  const { twin } = checked.value;
  const answer = await twinObject(context.env.TWIN, twin).fetch(sessionUrl(checked.value), {
    headers: { upgrade: 'websocket' },
  });
  return answer.status === 101 ? answer : refuse(context.env, context.executionCtx, tooManySessions(twin));
});

app.route('/', operator);

app.notFound((context) =>
  refuse(context.env, context.executionCtx, {
    code: 'not-found',
    message: 'page not found',
    hint: 'twins connect with a WebSocket to /?TOKEN; others find /version, /healthz, /readyz and /metrics here',
  }),
);

app.onError((error, context) => {
  console.error(JSON.stringify({ event: 'request-failed', path: context.req.path, error: error.message }));
  return refuse(context.env, context.executionCtx, {
    code: 'internal',
    message: 'internal error',
    hint: 'the relay’s log says more',
  });
});

export default {
  fetch: app.fetch,
  // Once a minute: the watchdog of the object that follows the chain.
  scheduled: async (_controller, env) => await chainWatcher(env.CHAIN_WATCHER).start(),
} satisfies ExportedHandler<Env>;
