import { DurableObject } from 'cloudflare:workers';
import type { StatsRpc, StatsSnapshot, TwinGauges } from '../contract.ts';
import { type Counts, countsSchema, mergeBounded } from './counts.ts';
import { GaugePacks } from './gauge-packs.ts';
import { STATS_SHARDS } from './shards.ts';

/** Ends in the number of the format. */
const TOTALS = 'totals-1';
/** Labels of a metric. Strangers choose some of them. */
const MOST_LABELS = 200;

/**
 * A shard that gathers the counts of twins' objects. It writes each report at once, because it may be evicted at any
 * time, and it never arms an alarm.
 */
export class StatsObject extends DurableObject implements StatsRpc {
  #totals: Counts | undefined;
  readonly #gauges = new GaugePacks(this.ctx.storage.kv, STATS_SHARDS);

  /** Adds counts, and replaces the gauges of a twin. Empty gauges tell when it was last seen. */
  async add(counts: Counts, twin?: number, gauges?: TwinGauges): Promise<void> {
    if (Object.keys(counts).length > 0) {
      const totals = { ...this.#loadTotals() };
      mergeBounded(totals, counts, MOST_LABELS);
      // Written first: counts that cannot be written must not be added here, because their sender reports them again.
      this.ctx.storage.kv.put(TOTALS, totals);
      this.#totals = totals;
    }
    if (twin !== undefined && gauges !== undefined) this.#gauges.report(twin, gauges, Date.now());
  }

  /** Returns all counts, and the gauges of all twins together. */
  async snapshot(): Promise<StatsSnapshot> {
    return { totals: this.#loadTotals(), gauges: this.#gauges.sum(Date.now()) };
  }

  /** Returns when each twin was last reported (Unix ms): about when its last session ended, if it has none. */
  async seen(twins: readonly number[]): Promise<(number | undefined)[]> {
    return twins.map((twin) => this.#gauges.seen(twin));
  }

  #loadTotals(): Counts {
    this.#totals ??= countsSchema.safeParse(this.ctx.storage.kv.get(TOTALS)).data ?? {};
    return this.#totals;
  }
}
