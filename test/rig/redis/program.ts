import { createClient } from 'redis';
import { until } from '../until.ts';

/** A program beside a peer, as its Redis sees it. */
export interface Program extends AsyncDisposable {
  readonly redis: Awaited<ReturnType<typeof connectTo>>;
  /** Leaves a request for the peer. */
  ask(request: object): Promise<void>;
  /** The next reply in a queue. @throws when none comes within `seconds` */
  reply(queue: string, seconds?: number): Promise<unknown>;
}

/** Connects a program to the Redis of a peer. */
export async function openProgram(url: string): Promise<Program> {
  const redis = await connectTo(url);
  return {
    redis,
    ask: async (request) => void (await redis.lPush('msgbus.system.local', JSON.stringify(request))),
    reply: async (queue, seconds = 120) => {
      const popped = await redis.brPop(queue, seconds);
      if (popped === null) throw new Error(`no reply in ${queue} within ${seconds} s`);
      return JSON.parse(popped.element);
    },
    [Symbol.asyncDispose]: async () => redis.destroy(),
  };
}

/** The hash of the requests that a peer has claimed and not settled. */
export const CLAIMED = 'msgbus.system.v2.local.claimed';

/** The hash of the replies of its services that a peer has claimed and not settled. */
export const CLAIMED_REPLIES = 'msgbus.system.v2.reply.claimed';

/** Resolves when the peer has settled each entry that it has claimed. */
export async function settled({ redis }: Program): Promise<void> {
  await until('all claimed entries to be settled', async () => (await redis.exists([CLAIMED, CLAIMED_REPLIES])) === 0);
}

async function connectTo(url: string) {
  const client = createClient({ url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
