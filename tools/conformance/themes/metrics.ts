import type { Case } from '../case.ts';
import { ask } from '../stage/http.ts';
import type { Stage } from '../stage/stage.ts';

/** The Rust relay's metrics in its order, without those that appear only at a first failure. */
const OF_THE_RELAY: Readonly<Record<string, 'counter' | 'gauge'>> = {
  events_listener_last_processed_block_number: 'gauge',
  events_listener_reconnect_cycles_total: 'counter',
  events_listener_reconnecting: 'gauge',
  events_listener_twin_stored_total: 'counter',
  events_listener_twin_updated_total: 'counter',
  relay_message_rx: 'counter',
  relay_message_rx_bytes: 'counter',
  relay_message_tx: 'counter',
  relay_message_tx_bytes: 'counter',
  relay_session_evictions_total: 'counter',
  relay_worker_connections: 'gauge',
  rmb_cache_entries: 'gauge',
  rmb_cache_flushes_total: 'counter',
  rmb_cache_misses_total: 'counter',
};
const OF_THE_PROCESS = [
  'process_cpu_seconds_total',
  'process_max_fds',
  'process_open_fds',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
  'process_threads',
  'process_virtual_memory_bytes',
];

async function typesOf(stage: Stage): Promise<Map<string, string>> {
  const { status, body } = await ask(stage.subject, { path: '/metrics' });
  if (status !== 200) throw new Error(`GET /metrics: ${status}`);
  const lines = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Map(lines.map(([, name = '', type = '']) => [name, type]));
}

export const metrics: readonly Case[] = [
  {
    name: 'names',
    section: '5.5',
    title: 'the metrics of the relay, by name and type',
    observe: async (stage) => {
      const types = await typesOf(stage);
      return Object.entries(OF_THE_RELAY)
        .filter(([name, type]) => types.get(name) !== type)
        .map(([name]) => `${name}: ${types.get(name) ?? 'missing'}`);
    },
    reference: [],
    intended: {
      seen: ['relay_message_rx', 'relay_message_rx_bytes', 'relay_message_tx', 'relay_message_tx_bytes'].map(
        (name) => `${name}: untyped`,
      ),
      difference: 'counters whose name has no _total',
    },
  },
  {
    name: 'process',
    section: '5.5',
    title: 'the metrics of its process',
    observe: async (stage) => {
      const types = await typesOf(stage);
      return OF_THE_PROCESS.filter((name) => types.has(name)).length;
    },
    reference: OF_THE_PROCESS.length,
    intended: { seen: 0, difference: 'metrics of the process' },
  },
];
