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

/** Asks the object that follows the chain how far it is. */
export async function watcherStatus(miniflare: Miniflare): Promise<WatcherStatus> {
  const namespace = await miniflare.getDurableObjectNamespace('CHAIN_WATCHER');
  const stub: object = namespace.get(namespace.idFromName('chain'));
  // Miniflare's types know no RPC, and its proxy gives an answer away field by field.
  const answer: object = await Reflect.apply(Reflect.get(stub, 'status'), stub, []);
  const fields = Object.keys(schema.shape).map(async (name) => [name, await Reflect.get(answer, name)]);
  return schema.parse(Object.fromEntries(await Promise.all(fields)));
}
