import { statsObject } from '../durable-objects/objects.ts';
import type { MetricName } from '../durable-objects/stats/catalogue.ts';
import type { StatsObject } from '../durable-objects/stats/stats-object.ts';
import { Tally } from '../durable-objects/stats/tally.ts';

/** What counting needs of the Worker's bindings. */
export interface CountingEnv {
  readonly STATS: DurableObjectNamespace<StatsObject>;
}

// Of this isolate, which may vanish at any time: the first event is handed over at once, later ones after some time, so
// that a flood costs no flood of calls. A refusal somebody may look for; traffic is counted by thousands.
const refusals = new Tally(0, { events: 1_000, ms: 10_000 });
const traffic = new Tally(0, { events: 1_000, ms: 3_600_000 });

/** Counts something that was refused. */
export function countRefusal(
  env: CountingEnv,
  ctx: Pick<ExecutionContext, 'waitUntil'>,
  name: MetricName,
  label: string,
): void {
  refusals.count(name, 1, label);
  handOver(refusals, env, ctx);
}

/** Counts what comes with every connection and message: handed over each time, it would cost more than they do. */
export function countTraffic(env: CountingEnv, ctx: Pick<ExecutionContext, 'waitUntil'>, name: MetricName): void {
  traffic.count(name);
  handOver(traffic, env, ctx);
}

function handOver(tally: Tally, env: CountingEnv, ctx: Pick<ExecutionContext, 'waitUntil'>): void {
  const now = Date.now();
  if (!tally.isDue(now)) return;
  const counts = tally.take(now);
  // What a stats object does not take is lost: it is a count, and nothing waits for it.
  ctx.waitUntil(
    statsObject(env.STATS)
      .add(counts)
      .catch(() => undefined),
  );
}
