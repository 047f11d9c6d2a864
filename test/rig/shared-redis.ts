import { createClient } from 'redis';
import type { RedisRig } from './redis.ts';

/** A Redis has 16 databases unless told otherwise; 0 is everybody's. */
const DATABASES = 15;
const CLAIM = 'rmb.rig.claim';
const CLAIM_SECONDS = 3600;

/**
 * An empty database of a Redis that runs already, claimed for one rig and emptied after it. Whatever held
 * data before is left alone.
 * @throws when no database is free
 */
export async function claimDatabase(url: string): Promise<RedisRig> {
  for (let database = 1; database <= DATABASES; database += 1) {
    const one = new URL(url);
    one.pathname = `/${database}`;
    const client = createClient({ url: one.href });
    client.on('error', () => undefined);
    await client.connect();
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
