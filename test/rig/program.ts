import { createClient } from 'redis';

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

async function connectTo(url: string) {
  const client = createClient({ url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
