import { randomUUID } from 'node:crypto';
import { createClient } from 'redis';
import { z } from 'zod';

/** A reply as the peer pushes it to Redis. */
const reply = z.object({
  ref: z.string().nullable(),
  dat: z.string(),
  src: z.string(),
  err: z.object({ code: z.number(), message: z.string() }).nullable(),
});
export type Reply = z.infer<typeof reply>;

/** A program's connection to the Redis beside its peer. */
export type Redis = Awaited<ReturnType<typeof openRedis>>;

/** Connects to a Redis. */
export async function openRedis(url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  // A lost connection already fails the pending command.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** A pending request, and the list of its replies. */
export interface Sent {
  readonly ref: string;
  readonly queue: string;
}

/**
 * Sends a request as any program does: one JSON entry on `msgbus.system.local`.
 * @param exp lifetime in seconds
 */
export async function send(
  redis: Redis,
  dst: readonly number[],
  cmd: string,
  payload: string,
  exp = 90,
): Promise<Sent> {
  const ref = randomUUID();
  const queue = `demo.reply.${ref}`;
  const dat = Buffer.from(payload).toString('base64');
  const now = Math.floor(Date.now() / 1000);
  await redis.lPush('msgbus.system.local', JSON.stringify({ ver: 1, ref, cmd, exp, dat, dst, ret: queue, now }));
  return { ref, queue };
}

/** Resolves with the next reply to a request; with undefined when none comes within `seconds`. */
export async function receive(redis: Redis, { queue }: Sent, seconds: number): Promise<Reply | undefined> {
  const entry = await redis.brPop(queue, seconds);
  return entry === null ? undefined : reply.parse(JSON.parse(entry.element));
}

/** Returns the payload of a reply as text. */
export function textOf({ dat }: Reply): string {
  return Buffer.from(dat, 'base64').toString();
}
