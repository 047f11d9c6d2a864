import { createClient } from 'redis';

/** A Redis that no other test uses. */
export interface RedisRig extends AsyncDisposable {
  readonly url: string;
  close(): Promise<void>;
}

/** A Redis has 16 databases unless told otherwise; 0 is everybody's. */
const DATABASES = 15;
const CLAIM = 'rmb.rig.claim';
const CLAIM_SECONDS = 3600;
const CONNECT_MS = 5_000;

/**
 * An empty database of a Redis that runs already, claimed for one rig and emptied after it. Whatever held
 * data before is left alone.
 * @throws when no database is free, or no Redis there
 */
export async function claimDatabase(url: string): Promise<RedisRig> {
  for (let database = 1; database <= DATABASES; database += 1) {
    const one = new URL(url);
    one.pathname = `/${database}`;
    const client = await connectOnce(one);
    if (
      (await client.set(CLAIM, '1', { condition: 'NX', expiration: { type: 'EX', value: CLAIM_SECONDS } })) !== null
    ) {
      if ((await client.dbSize()) === 1) {
        const close = async () => {
          await client.flushDb();
          client.destroy();
        };
        return { url: one.href, close, [Symbol.asyncDispose]: close };
      }
      await client.del(CLAIM);
    }
    client.destroy();
  }
  throw new Error(`REDIS_URL: none of the databases 1 to ${DATABASES} of ${new URL(url).host} is empty`);
}

/** Connects without retries: a wrong REDIS_URL must be an error at once. */
async function connectOnce(url: URL) {
  const client = createClient({ url: url.href, socket: { reconnectStrategy: false, connectTimeout: CONNECT_MS } });
  client.on('error', () => undefined);
  try {
    return await client.connect();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`REDIS_URL: no Redis at ${url.host}: ${why}`);
  }
}
