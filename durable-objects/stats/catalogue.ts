/** Upper bounds of a histogram's buckets, seconds. */
export const DELIVERY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;
export const FEDERATION_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10] as const;

/** A metric, for Prometheus and for people. */
export interface Metric {
  readonly name: string;
  /**
   * The Rust relay's counters have no `_total` in their names. As `untyped` they keep the names of existing dashboards,
   * and Prometheus accepts them.
   */
  readonly type: 'counter' | 'gauge' | 'untyped' | 'histogram';
  readonly help: string;
  /** The name of its only label. */
  readonly label?: string;
  /** Of a histogram. */
  readonly buckets?: readonly number[];
}

/** Every metric of /metrics, in its order: first the Rust relay's names, then those of this relay. */
export const CATALOGUE = [
  { name: 'relay_message_rx', type: 'untyped', help: 'number of messages received by relay' },
  { name: 'relay_message_rx_bytes', type: 'untyped', help: 'size of messages received by relay in bytes' },
  { name: 'relay_message_tx', type: 'untyped', help: 'number of messages forwarded by relay' },
  { name: 'relay_message_tx_bytes', type: 'untyped', help: 'size of messages forwarded by relay in bytes' },
  {
    name: 'relay_worker_connections',
    type: 'gauge',
    help: 'number of connections of twins heard of in the last hours, by the shard that counts them',
    label: 'worker',
  },
  {
    name: 'relay_session_evictions_total',
    type: 'counter',
    help: 'Total number of session evictions from the relay, labeled by reason',
    label: 'reason',
  },
  {
    name: 'federation_message_success',
    type: 'untyped',
    help: 'number of messages that other relays took',
    label: 'relay',
  },
  {
    name: 'federation_message_error',
    type: 'untyped',
    help: 'number of messages that failed to send via federation',
    label: 'relay',
  },
  { name: 'rmb_cache_entries', type: 'gauge', help: 'Twins in the memory of the isolate that answers this' },
  { name: 'rmb_cache_hits_total', type: 'counter', help: 'Look-ups of twins answered from memory or KV' },
  { name: 'rmb_cache_misses_total', type: 'counter', help: 'Look-ups of twins that asked the chain' },
  { name: 'rmb_cache_flushes_total', type: 'counter', help: 'Times that all cached twins became old' },
  {
    name: 'events_listener_last_processed_block_number',
    type: 'gauge',
    help: 'Last best-head block number processed',
  },
  { name: 'events_listener_reconnecting', type: 'gauge', help: '1 while no chain node answers; 0 otherwise' },
  { name: 'events_listener_reconnect_cycles_total', type: 'counter', help: 'Successful reconnect cycles' },
  {
    name: 'events_listener_errors_total',
    type: 'counter',
    help: 'Failed attempts to follow the chain, by stage',
    label: 'stage',
  },
  { name: 'events_listener_twin_stored_total', type: 'counter', help: 'TwinStored events seen' },
  { name: 'events_listener_twin_updated_total', type: 'counter', help: 'TwinUpdated events seen' },
  {
    name: 'events_listener_seconds_behind',
    type: 'gauge',
    help: 'Seconds since the last block was processed; a block takes 6',
  },
  {
    name: 'relay_messages_dropped_total',
    type: 'counter',
    help: 'Messages refused or dropped, by reason',
    label: 'reason',
  },
  {
    name: 'relay_refused_requests_total',
    type: 'counter',
    help: 'HTTP requests and upgrades refused, by error code',
    label: 'code',
  },
  {
    name: 'relay_lookups_refused_total',
    type: 'counter',
    help: 'Look-ups of unknown twins that did not ask the chain, by reason',
    label: 'reason',
  },
  {
    name: 'relay_platform_errors_total',
    type: 'counter',
    help: 'Failed calls of objects and of their storage, by what the platform says',
    label: 'kind',
  },
  {
    name: 'relay_stats_shards_silent',
    type: 'gauge',
    help: 'Shards that did not answer this: their counts are as they were last known here, or absent',
  },
  { name: 'relay_gathered_calls_total', type: 'counter', help: 'Calls of gatherers to hot twins' },
  { name: 'relay_gathered_messages_total', type: 'counter', help: 'Messages that those calls brought' },
  { name: 'relay_messages_stored_total', type: 'counter', help: 'Messages put into mailboxes' },
  { name: 'relay_custody_frames_total', type: 'counter', help: 'Frames to custody sessions' },
  {
    name: 'relay_custody_acknowledged_total',
    type: 'counter',
    help: 'Messages for which custody sessions have given their receipts',
  },
  {
    name: 'relay_custody_mailed_total',
    type: 'counter',
    help: 'Messages put into mailboxes because a custody session had not acknowledged them',
  },
  {
    name: 'relay_mail_moved_total',
    type: 'counter',
    help: 'Messages that left a mailbox for another relay, because their twin is there',
  },
  { name: 'relay_mailbox_messages', type: 'gauge', help: 'Messages waiting in mailboxes' },
  { name: 'relay_mailbox_bytes', type: 'gauge', help: 'Bytes of messages waiting in mailboxes' },
  { name: 'relay_outbox_messages', type: 'gauge', help: 'Messages waiting for other relays' },
  {
    name: 'relay_delivery_seconds',
    type: 'histogram',
    help: 'From the arrival of a frame until the receiving side has answered for it',
    buckets: DELIVERY_BUCKETS,
  },
  {
    name: 'relay_federation_try_seconds',
    type: 'histogram',
    help: 'How long another relay took for one request',
    buckets: FEDERATION_BUCKETS,
  },
  {
    name: 'relay_federation_batches_total',
    type: 'counter',
    help: 'Batches of messages for other relays: answered, refused (then each message goes alone) or failed',
    label: 'outcome',
  },
  { name: 'relay_twin_wakes_total', type: 'counter', help: 'Times that a twin’s object was made or woke up' },
] as const satisfies readonly Metric[];

export type MetricName = (typeof CATALOGUE)[number]['name'];

/** Counts `by` events of a metric, 1 by default. Of a histogram it observes one value, `by`. */
export type Count = (metric: MetricName, by?: number, label?: string) => void;
