import { Hono } from 'hono';
import { chainWatcher, statsShards } from '../durable-objects/objects.ts';
import { parseSettings, settingsOf } from '../durable-objects/settings.ts';
import { relayDomainOf } from '../proto/twin.ts';
import { ChainStatus } from './chain-status.ts';
import { Metrics } from './metrics.ts';
import { isOperator } from './operator-token.ts';
import { refuse } from './refuse.ts';
import { NAME, VERSION } from './version.ts';

/** A relay that has not heard of the chain for so long is not ready for twins that it does not know (ms). */
const CHAIN_SILENCE_MS = 60_000;

// Of this isolate: what was read last, for those who ask too often.
const metrics = new Metrics();
const chainStatus = new ChainStatus();

/** What an operator, a load balancer or a curious client asks. */
export const operator = new Hono<{ Bindings: Env & { readonly OPERATOR_TOKEN?: string } }>();

operator.get('/metrics', async (context) => {
  const isOpen = settingsOf(context.env).openMetrics;
  if (!isOpen && !(await isOperator(context.req.header('authorization'), context.env.OPERATOR_TOKEN))) {
    return refuse(context.env, context.executionCtx, {
      code: 'operator-token',
      message: 'this needs the operator’s token',
      hint: 'send the header "authorization: Bearer TOKEN", with the secret OPERATOR_TOKEN of this relay, which must be set and have at least 16 characters; or its operator sets METRICS=open',
    });
  }
  const text = await metrics.text({
    shards: statsShards(context.env.STATS),
    chain: () => chainWatcher(context.env.CHAIN_WATCHER).status(),
    cachedTwins: () => context.executionCtx.exports.TwinResolver.cachedTwins(),
    now: () => Date.now(),
  });
  return context.body(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
});

/** The Worker answers: that is all there is to be alive. */
operator.get('/healthz', (context) => context.json({ status: 'ok' }));

operator.get('/readyz', async (context) => {
  const now = Date.now();
  const { answeredAt, block } = await chainStatus.read(now, () => chainWatcher(context.env.CHAIN_WATCHER).status());
  const silence = answeredAt === undefined ? undefined : now - answeredAt;
  const isReady = silence !== undefined && silence < CHAIN_SILENCE_MS;
  const detail = isReady
    ? undefined
    : 'no chain node answers: twins that are known are served, others cannot connect or be reached';
  const chain = { block, secondsSinceAnswer: silence === undefined ? null : Math.round(silence / 1000) };
  return context.json({ status: isReady ? 'ready' : 'degraded', chain, detail }, isReady ? 200 : 503);
});

operator.get('/version', (context) => {
  const settings = parseSettings(context.env);
  const configured = settings.ok ? settings.value.relayDomains : [];
  const domains = configured.length > 0 ? configured : [relayDomainOf(new URL(context.req.url))];
  return context.json({ name: NAME, version: VERSION, domains });
});
