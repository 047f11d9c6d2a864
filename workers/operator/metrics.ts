import type { StatsRpc, StatsSnapshot, WatcherStatus } from '../../durable-objects/contract.ts';
import { type Counts, count, merge } from '../../durable-objects/stats/counts.ts';
import { exposition } from '../../durable-objects/stats/exposition.ts';

/** A read wakes every shard, so there is at most one in this time. */
const CACHED_MS = 5_000;

/** The port of /metrics to the Worker. */
export interface MetricsPort {
  readonly shards: readonly Pick<StatsRpc, 'snapshot'>[];
  chain(): Promise<WatcherStatus>;
  /** Returns the number of twins in the resolver's memory. */
  cachedTwins(): Promise<number>;
  /** Unix ms. */
  now(): number;
  /** Notes a call that failed. */
  failed(call: 'snapshot' | 'status' | 'cachedTwins', error: unknown): void;
}

/** The text of /metrics, and its age. Belongs to an isolate; may vanish at any time. */
export class Metrics {
  #last: { readonly text: string; readonly at: number } | undefined;
  /** What each shard said last. A counter that vanished for one scrape would look like a restart. */
  readonly #snapshots = new Map<number, StatsSnapshot>();
  #chain: WatcherStatus | undefined;

  /** Returns a recent text of /metrics. What does not answer is in it as it was last known here, or is absent. */
  async text(port: MetricsPort): Promise<string> {
    const now = port.now();
    if (this.#last !== undefined && now - this.#last.at < CACHED_MS) return this.#last.text;
    const orNothing = async <T>(call: Parameters<MetricsPort['failed']>[0], answer: () => Promise<T>) => {
      try {
        return await answer();
      } catch (error) {
        port.failed(call, error);
        return undefined;
      }
    };
    const [snapshots, chain, cached] = await Promise.all([
      Promise.all(port.shards.map((shard) => orNothing('snapshot', () => shard.snapshot()))),
      orNothing('status', () => port.chain()),
      orNothing('cachedTwins', () => port.cachedTwins()),
    ]);
    for (const [shard, snapshot] of snapshots.entries()) if (snapshot) this.#snapshots.set(shard, snapshot);
    this.#chain = chain ?? this.#chain;
    const counts = total(this.#snapshots);
    if (this.#chain !== undefined) chainCounts(counts, this.#chain, now);
    if (cached !== undefined) count(counts, 'rmb_cache_entries', cached);
    count(counts, 'relay_stats_shards_silent', snapshots.filter((snapshot) => snapshot === undefined).length);
    const text = exposition(counts);
    this.#last = { text, at: now };
    return text;
  }
}

function total(snapshots: ReadonlyMap<number, StatsSnapshot>): Counts {
  const counts: Counts = {};
  for (const [shard, { totals, gauges }] of snapshots) {
    merge(counts, totals);
    count(counts, 'relay_worker_connections', gauges.sessions, String(shard));
    count(counts, 'relay_mailbox_messages', gauges.mailboxMessages);
    count(counts, 'relay_mailbox_bytes', gauges.mailboxBytes);
    count(counts, 'relay_outbox_messages', gauges.outboxMessages);
  }
  return counts;
}

function chainCounts(counts: Counts, chain: WatcherStatus, now: number): void {
  count(counts, 'events_listener_last_processed_block_number', chain.block ?? 0);
  count(counts, 'events_listener_reconnecting', chain.reconnecting ? 1 : 0);
  count(counts, 'events_listener_reconnect_cycles_total', chain.reconnects);
  count(counts, 'events_listener_twin_stored_total', chain.stored);
  count(counts, 'events_listener_twin_updated_total', chain.updated);
  count(counts, 'rmb_cache_flushes_total', chain.generations);
  for (const [stage, errors] of Object.entries(chain.errors)) {
    count(counts, 'events_listener_errors_total', errors, stage);
  }
  if (chain.answeredAt !== undefined) {
    count(counts, 'events_listener_seconds_behind', (now - chain.answeredAt) / 1000);
  }
}
