import type { Miniflare } from 'miniflare';
import { z } from 'zod';
import type { WatcherStatus } from '../../durable-objects/contract.ts';

const CRON = '* * * * *';
const MINUTE_MS = 60_000;

/**
 * Runs the cron of wrangler.toml each minute and once at the start, because Miniflare fires none. Returns a function
 * that stops it.
 */
export async function keepWatch(miniflare: Miniflare): Promise<() => void> {
  const worker = await miniflare.getWorker();
  await worker.scheduled({ cron: CRON });
  const timer = setInterval(() => {
    // The relay may be closing; otherwise the next minute tries again.
    worker.scheduled({ cron: CRON }).catch(() => undefined);
  }, MINUTE_MS);
  return () => clearInterval(timer);
}

const count = z.number().int();
const schema = z.object({
  block: count.optional(),
  answeredAt: z.number().optional(),
  reconnecting: z.boolean(),
  reconnects: count,
  stored: count,
  updated: count,
  generations: count,
  errors: z.object({ follow: count, refresh: count, events: count }),
});

/** A Worker that reads the object's status: a stub outside workerd would prevent hibernation. */
const DOOR = 'watcher-door';
const DOOR_SOURCE = `export default {
  async fetch(request, env) {
    return Response.json(await env.CHAIN_WATCHER.getByName('chain').status());
  },
};`;

/** Returns that Worker, which is unreachable from outside. @param relay the Worker with the object's class */
export function watcherDoor(relay: string) {
  return {
    name: DOOR,
    compatibilityDate: '2026-07-01',
    modules: [{ type: 'ESModule' as const, path: 'door.js', contents: DOOR_SOURCE }],
    durableObjects: { CHAIN_WATCHER: { className: 'ChainWatcher', scriptName: relay, useSQLite: true } },
  };
}

/** Resolves with the progress of the chain watcher. */
export async function watcherStatus(miniflare: Miniflare): Promise<WatcherStatus> {
  const door = await miniflare.getWorker(DOOR);
  const answer = await door.fetch('http://watcher/');
  return schema.parse(await answer.json());
}
