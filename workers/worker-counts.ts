import { statsObject } from '../durable-objects/objects.ts';
import type { MetricName } from '../durable-objects/stats/catalogue.ts';
import type { StatsObject } from '../durable-objects/stats/stats-object.ts';
import { Tally } from '../durable-objects/stats/tally.ts';

/** What counting needs of the Worker's bindings. */
export interface CountingEnv {
  readonly STATS: DurableObjectNamespace<StatsObject>;
}

// Of this isolate, which may vanish at any time: the first event is handed over at once, later ones every ten seconds
// at most, so that a flood of strangers costs no flood of calls.
const tally = new Tally(0, { events: 1_000, ms: 10_000 });

/** Counts one event of the stateless Worker. */
export function countInWorker(
  env: CountingEnv,
  ctx: Pick<ExecutionContext, 'waitUntil'>,
  name: MetricName,
  label?: string,
): void {
  tally.count(name, 1, label);
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
