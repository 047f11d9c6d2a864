import { Hono } from 'hono';
import type { WatcherStatus } from '../../durable-objects/contract.ts';
import { ownDomains } from '../../durable-objects/domains.ts';
import { chainWatcher, statsShards } from '../../durable-objects/objects.ts';
import { parseSettings, settingsOf } from '../../durable-objects/settings.ts';
import { relayDomainOf } from '../../proto/twin.ts';
import { objectFailed } from '../object-failed.ts';
import { refuse } from '../refuse.ts';
import { built } from './built.ts';
import { ChainStatus } from './chain-status.ts';
import { Metrics } from './metrics.ts';
import { isOperator } from './operator-token.ts';
import { NAME, VERSION } from './version.ts';

/** Without an answer of the chain for this long, the relay is not ready for unknown twins. */
const CHAIN_SILENCE_MS = 60_000;

// Of this isolate: what was read last, for frequent requests.
const metrics = new Metrics();
const chainStatus = new ChainStatus();

/** The paths for an operator, a load balancer or a curious client. */
export const operator = new Hono<{ Bindings: Env & { readonly OPERATOR_TOKEN?: string } }>();

operator.get('/metrics', async (context) => {
  const { openMetrics, relayRegion } = settingsOf(context.env);
  if (!openMetrics && !(await isOperator(context.req.header('authorization'), context.env.OPERATOR_TOKEN))) {
    return refuse(context.env, context.executionCtx, {
      code: 'operator-token',
      message: 'this needs the operator’s token',
      hint: 'send the header "authorization: Bearer TOKEN" with the secret OPERATOR_TOKEN of this relay (at least 16 characters), or have its operator set METRICS=open',
    });
  }
  const text = await metrics.text({
    shards: statsShards(context.env.STATS, relayRegion),
    chain: () => chainWatcher(context.env.CHAIN_WATCHER, relayRegion).status(),
    cachedTwins: () => context.executionCtx.exports.TwinResolver.cachedTwins(),
    now: () => Date.now(),
    failed: (call, error) => void objectFailed(context.env, context.executionCtx, { call }, error),
  });
  return context.body(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
});

/** Liveness: the Worker responds. */
operator.get('/healthz', (context) => context.json({ status: 'ok' }));

operator.get('/readyz', async (context) => {
  const now = Date.now();
  const { relayRegion } = settingsOf(context.env);
  let status: WatcherStatus | undefined;
  try {
    status = await chainStatus.read(now, () => chainWatcher(context.env.CHAIN_WATCHER, relayRegion).status());
  } catch (error) {
    objectFailed(context.env, context.executionCtx, { call: 'status' }, error);
    // One failed call says nothing about the chain: the watcher's last answer counts as long as the chain's would.
    status = chainStatus.last;
  }
  const { answeredAt, block } = status ?? {};
  const silence = answeredAt === undefined ? undefined : now - answeredAt;
  const isReady = silence !== undefined && silence < CHAIN_SILENCE_MS;
  const why = status === undefined ? 'the object that follows the chain does not answer' : 'no chain node answers';
  const detail = isReady ? undefined : `${why}: known twins are served, other twins cannot connect or be reached`;
  const chain = { block, secondsSinceAnswer: silence === undefined ? null : Math.round(silence / 1000) };
  return context.json({ status: isReady ? 'ready' : 'degraded', chain, detail }, isReady ? 200 : 503);
});

operator.get('/version', async (context) => {
  const settings = parseSettings(context.env);
  const configured = settings.ok ? settings.value.relayDomains : [];
  const domains = ownDomains(configured, relayDomainOf(new URL(context.req.url)));
  const { id, timestamp } = context.env.DEPLOYED;
  const deployed = { id, at: timestamp };
  return context.json({ name: NAME, version: VERSION, domains, ...(await built()), deployed });
});
