import { createClient, RESP_TYPES } from 'redis';
import type { Log } from '../ports.ts';
import type { RedisCommands } from './programs.ts';

/** A wrong URL or password should be told to the person who starts the peer, not retried for ever. */
const FIRST_CONNECT_MS = 5_000;
/** While Redis is away commands wait for it, up to this many. */
const MOST_WAITING = 10_000;

/** A Redis of programs: one connection for commands, one that waits for entries. */
export interface RedisConnection extends RedisCommands {
  readonly isUp: boolean;
  /** The next entry of any of these lists; undefined when none came within `seconds`. */
  pop(keys: readonly string[], seconds: number): Promise<{ key: string; entry: string } | undefined>;
  close(): void;
}

/** Connects; a connection that is lost later is made again by itself. @throws naming the URL's host */
export async function connectRedis(url: string, log: Log): Promise<RedisConnection> {
  const client = createClient({
    url,
    commandsQueueMaxLength: MOST_WAITING,
    socket: { connectTimeout: FIRST_CONNECT_MS, reconnectStrategy: retryFrom(() => isUp) },
  });
  const waiting = client.duplicate();
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  let isUp = false;
  for (const each of [client, waiting])
    each.on('error', (error: Error) => log.warn({ error: error.message }, 'Redis: connection lost'));
  try {
    await client.connect();
    await waiting.connect();
  } catch (error) {
    client.destroy();
    throw new Error(`Redis at ${new URL(url).host} does not answer: ${error instanceof Error ? error.message : error}`);
  }
  isUp = true;
  return {
    get isUp() {
      return client.isReady;
    },
    async pushTrimmed(key, entry, most) {
      await client
        .multi()
        .lPush(key, entry)
        .lTrim(key, 0, most - 1)
        .exec();
    },
    async setFor(key, value, seconds) {
      await client.set(key, Buffer.from(value), { expiration: { type: 'EX', value: seconds } });
    },
    async getBytes(key) {
      return bytes.get(key);
    },
    async pop(keys, seconds) {
      const popped = await waiting.brPop([...keys], seconds);
      return popped === null ? undefined : { key: popped.key, entry: popped.element };
    },
    close() {
      for (const each of [client, waiting]) each.destroy();
    },
  };
}

/** Until the first connection a failure is final; from then on it is tried again, slower and slower to 2 s. */
function retryFrom(isUp: () => boolean): (retries: number, cause: Error) => number | Error {
  return (retries, cause) => (isUp() ? Math.min(100 * 2 ** retries, 2_000) : cause);
}
