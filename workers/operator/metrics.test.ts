import { expect, it } from 'vitest';
import type { StatsSnapshot, WatcherStatus } from '../../durable-objects/contract.ts';
import { Metrics } from './metrics.ts';

const snapshot = (rx: number): StatsSnapshot => ({
  totals: { relay_message_rx: rx },
  gauges: { sessions: 1, mailboxMessages: 0, mailboxBytes: 0, outboxMessages: 0 },
});
const CHAIN: WatcherStatus = {
  block: 7,
  reconnecting: false,
  reconnects: 0,
  stored: 0,
  updated: 0,
  generations: 3,
  errors: { follow: 0, refresh: 0, events: 0 },
};

/** Returns lines of /metrics, and the calls that failed. */
function rig() {
  const metrics = new Metrics();
  const failed: string[] = [];
  let now = 0;
  const read = async (answers: readonly (number | Error)[], chain: WatcherStatus | Error, twins: number | Error) => {
    now += 5_000;
    const orThrow = async <T>(value: T | Error): Promise<T> => {
      if (value instanceof Error) throw value;
      return value;
    };
    const text = await metrics.text({
      shards: answers.map((each) => ({
        snapshot: async () => snapshot(await orThrow(each)),
      })),
      chain: () => orThrow(chain),
      cachedTwins: () => orThrow(twins),
      now: () => now,
      failed: (call) => void failed.push(call),
    });
    const value = (name: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1],
      );
    return {
      rx: value('relay_message_rx'),
      silent: value('relay_stats_shards_silent'),
      flushes: value('rmb_cache_flushes_total'),
      twins: value('rmb_cache_entries'),
    };
  };
  return { read, failed };
}

it('counts a shard that does not answer as it was, so that no counter falls', async () => {
  const { read, failed } = rig();
  const away = new Error('overloaded');
  expect(await read([2, 3], CHAIN, 4)).toEqual({ rx: 5, silent: 0, flushes: 3, twins: 4 });
  expect(await read([away, 9], CHAIN, 4)).toEqual({ rx: 11, silent: 1, flushes: 3, twins: 4 });
  expect(await read([20, 9], away, away)).toEqual({ rx: 29, silent: 0, flushes: 3, twins: 0 });
  expect(failed).toEqual(['snapshot', 'status', 'cachedTwins']);
});

it('leaves out a shard that has not answered yet', async () => {
  const { read } = rig();
  const away = new Error('overloaded');
  expect(await read([2, away], away, 4)).toEqual({ rx: 2, silent: 1, flushes: 0, twins: 4 });
});
