import { statsObject } from '../../durable-objects/objects.ts';
import { isRegion } from '../../durable-objects/placement/region.ts';
import type { Count, MetricName } from '../../durable-objects/stats/catalogue.ts';
import type { StatsObject } from '../../durable-objects/stats/stats-object.ts';
import { Tally } from '../../durable-objects/stats/tally.ts';

/** The bindings that counting needs. */
export interface CountingEnv {
  readonly STATS: DurableObjectNamespace<StatsObject>;
  /** A setting of the relay, see durable-objects/settings.ts. */
  readonly RELAY_REGION: string;
}

// Of this isolate, which may vanish at any time: the first event is reported at once, later ones after a while, so that
// a flood of events causes no flood of calls. An operator may look for a refusal soon; traffic comes by the thousand.
const refusals = new Tally(0, { events: 1_000, ms: 10_000 });
const traffic = new Tally(0, { events: 1_000, ms: 3_600_000 });

const REFUSALS: ReadonlySet<MetricName> = new Set([
  'relay_refused_requests_total',
  'relay_lookups_refused_total',
  'relay_messages_dropped_total',
  'relay_platform_errors_total',
]);

/** Returns the count of the stateless Worker, for one request. */
export function workerCount(env: CountingEnv, ctx: Pick<ExecutionContext, 'waitUntil'>): Count {
  return (metric, by, label) => {
    const tally = REFUSALS.has(metric) ? refusals : traffic;
    tally.count(metric, by, label);
    report(tally, env, ctx);
  };
}

function report(tally: Tally, env: CountingEnv, ctx: Pick<ExecutionContext, 'waitUntil'>): void {
  const now = Date.now();
  if (!tally.isDue(now)) return;
  const counts = tally.take(now);
  const { STATS, RELAY_REGION } = env;
  // Counts that the stats object does not take are lost: no message depends on them.
  ctx.waitUntil(
    statsObject(STATS, isRegion(RELAY_REGION) ? RELAY_REGION : undefined)
      .add(counts)
      .catch(() => undefined),
  );
}
