import type { Miniflare } from 'miniflare';
import { z } from 'zod';
import type { WatcherStatus } from '../durable-objects/contract.ts';

const CRON = '* * * * *';
const MINUTE_MS = 60_000;

/**
 * Miniflare fires no cron by itself: what wrangler.toml says happens each minute is done here, and once at start.
 * @returns how to end it
 */
export async function keepWatch(miniflare: Miniflare): Promise<() => void> {
  const worker = await miniflare.getWorker();
  await worker.scheduled({ cron: CRON });
  const timer = setInterval(() => {
    // The relay may be closing just now, and the next minute comes anyhow.
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

/** The Worker that asks the object: a stub held from outside workerd would keep the object from ever sleeping. */
const DOOR = 'watcher-door';
const DOOR_SOURCE = `export default {
  async fetch(request, env) {
    return Response.json(await env.CHAIN_WATCHER.getByName('chain').status());
  },
};`;

/** @param relay the name of the Worker that has the object's class. Nobody reaches it from outside. */
export function watcherDoor(relay: string) {
  return {
    name: DOOR,
    compatibilityDate: '2026-07-01',
    modules: [{ type: 'ESModule' as const, path: 'door.js', contents: DOOR_SOURCE }],
    durableObjects: { CHAIN_WATCHER: { className: 'ChainWatcher', scriptName: relay, useSQLite: true } },
  };
}

/** Asks the object that follows the chain how far it is. */
export async function watcherStatus(miniflare: Miniflare): Promise<WatcherStatus> {
  const door = await miniflare.getWorker(DOOR);
  const answer = await door.fetch('http://watcher/');
  return schema.parse(await answer.json());
}
