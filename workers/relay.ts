import { Hono } from 'hono';
import { twinObject } from '../durable-objects/objects.ts';
import { sessionUrl } from '../durable-objects/twin/session-request.ts';
import { checkUpgrade } from './connect.ts';
import { federationIn } from './federation-route.ts';

export { TwinObject } from '../durable-objects/twin/twin-object.ts';
export { TwinResolver } from './twin-resolver/twin-resolver.ts';

const app = new Hono<{ Bindings: Env }>();

app.post('/', (context) => federationIn(context.req.raw, context.env, context.executionCtx.exports.TwinResolver));

// Any path upgrades, as the Rust relay has it. (workerd itself refuses an upgrade by another method than GET.)
app.all('*', async (context) => {
  if (context.req.header('upgrade')?.toLowerCase() !== 'websocket') return context.text('page not found', 404);
  const resolver = context.executionCtx.exports.TwinResolver;
  const checked = await checkUpgrade(context.req.raw, {
    lookup: (twin) => resolver.lookup(twin),
    now: () => Math.floor(Date.now() / 1000),
  });
  if (!checked.ok) return context.text(checked.error.text, checked.error.status);
  return twinObject(context.env.TWIN, checked.value.twin).fetch(sessionUrl(checked.value), {
    headers: { upgrade: 'websocket' },
  });
});

app.onError((error, context) => {
  console.error(JSON.stringify({ event: 'request-failed', path: context.req.path, error: error.message }));
  return context.text('internal error', 500);
});

export default app;
