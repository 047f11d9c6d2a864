import type { StatsRpc, StatsSnapshot, WatcherStatus } from '../durable-objects/contract.ts';
import { type Counts, count, merge } from '../durable-objects/stats/counts.ts';
import { exposition } from '../durable-objects/stats/exposition.ts';

/** Reading wakes every shard: whoever asks more often gets what was read last (ms). */
const CACHED_MS = 5_000;

/** Where the figures are. */
export interface MetricsPort {
  readonly shards: readonly Pick<StatsRpc, 'snapshot'>[];
  chain(): Promise<WatcherStatus>;
  /** Twins in memory where the resolver answers. */
  cachedTwins(): Promise<number>;
  /** Unix ms. */
  now(): number;
}

/** The text of /metrics, and when it was read. Of an isolate: it may vanish at any time. */
export class Metrics {
  #last: { readonly text: string; readonly at: number } | undefined;

  async text(port: MetricsPort): Promise<string> {
    const now = port.now();
    if (this.#last !== undefined && now - this.#last.at < CACHED_MS) return this.#last.text;
    const [snapshots, chain, cached] = await Promise.all([
      Promise.all(port.shards.map((shard) => shard.snapshot())),
      port.chain(),
      port.cachedTwins(),
    ]);
    const counts = total(snapshots, chain, now);
    count(counts, 'rmb_cache_entries', cached);
    const text = exposition(counts);
    this.#last = { text, at: now };
    return text;
  }
}

function total(snapshots: readonly StatsSnapshot[], chain: WatcherStatus, now: number): Counts {
  const counts: Counts = {};
  snapshots.forEach(({ totals, gauges }, shard) => {
    merge(counts, totals);
    count(counts, 'relay_worker_connections', gauges.sessions, String(shard));
    count(counts, 'relay_mailbox_messages', gauges.mailboxMessages);
    count(counts, 'relay_mailbox_bytes', gauges.mailboxBytes);
    count(counts, 'relay_outbox_messages', gauges.outboxMessages);
  });
  chainCounts(counts, chain, now);
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
