import { createClient } from 'redis';
import { z } from 'zod';
import { RmbError } from '../../../client/errors.ts';
import type { RequestStatus } from '../../bridge/request-status.ts';
import { lossOf } from '../../redis/connection/loss.ts';
import { QUEUES } from '../../redis/queues.ts';
import { readStatus } from '../../status/status-json.ts';
import { STATUS_COMMAND, UNKNOWN_CODE } from '../../status/status-plugin.ts';

const reply = z.object({ dat: z.string(), err: z.object({ code: z.number(), message: z.string() }).nullable() });

/**
 * Asks the daemon behind a Redis for the status of a request, as any program may. Returns undefined when it knows none.
 * @param name uid or ref of the request
 */
export async function askDaemon(url: string, name: string, seconds: number): Promise<RequestStatus | undefined> {
  const place = new URL(url).host;
  const connectTimeout = Math.ceil(seconds * 1000);
  const redis = createClient({ url, RESP: 2, socket: { connectTimeout, reconnectStrategy: false } });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
  } catch (error) {
    throw new Error(`Redis at ${place} cannot be used: ${lossOf(error)}`);
  }
  try {
    const ret = `msgbus.rmb-status.${crypto.randomUUID()}`;
    const now = Math.floor(Date.now() / 1000);
    const dat = Buffer.from(name).toString('base64');
    const exp = Math.ceil(seconds);
    // A peer that knows no such command finds no twin 0, and says so.
    const entry = JSON.stringify({ ver: 1, cmd: STATUS_COMMAND, exp, dat, dst: [0], ret, now });
    await redis.lPush(QUEUES.requests, entry);
    const popped = await redis.brPop(ret, seconds);
    if (popped !== null) return statusIn(popped.element);
    // Nothing may stay behind for a daemon that starts tomorrow.
    await redis.lRem(QUEUES.requests, 1, entry);
    const how = `start rmb-peer, or name its Redis with --redis`;
    throw new RmbError('no-answer', `no daemon answered at Redis ${place} within ${seconds} s: ${how}`);
  } finally {
    redis.destroy();
  }
}

function statusIn(text: string): RequestStatus | undefined {
  const { dat, err } = reply.parse(JSON.parse(text));
  if (err?.code === UNKNOWN_CODE) return undefined;
  const status = err === null ? readStatus(Buffer.from(dat, 'base64').toString()) : undefined;
  if (status === undefined) throw new Error('the peer at this Redis is of a release that tells no status: update it');
  return status;
}
