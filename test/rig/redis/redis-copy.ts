import { RESP_TYPES } from 'redis';
import type { Program } from './program.ts';

/** Keys of a Redis as they were once. */
export interface RedisCopy {
  /** Puts the keys of a kind back, in one step; those that the copy does not have are deleted. */
  restore(kind: RegExp): Promise<void>;
  /** Puts the whole Redis back, in one step, with what `more` pushes to lists beside it. */
  restoreAll(more?: Readonly<Record<string, string>>): Promise<void>;
}

/** Copies a whole Redis. */
export async function copyRedis({ redis }: Program): Promise<RedisCopy> {
  const bytes = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  const values = new Map<string, { value: Buffer; ttl: number }>();
  for (const key of await redis.keys('*')) {
    const [value, ttl] = await Promise.all([bytes.dump(key), redis.pTTL(key)]);
    // A key may end while the others are read.
    if (value instanceof Buffer) values.set(key, { value, ttl: Math.max(0, ttl) });
  }
  return {
    restore: async (kind) => {
      const all = redis.multi();
      const keys = [...values.keys(), ...(await redis.keys('*'))].filter((key) => kind.test(key));
      for (const key of new Set(keys)) {
        const copied = values.get(key);
        if (copied === undefined) all.del(key);
        else all.restore(key, copied.ttl, copied.value, { REPLACE: true });
      }
      await all.exec();
    },
    restoreAll: async (more = {}) => {
      const all = redis.multi().flushAll();
      for (const [key, { value, ttl }] of values) all.restore(key, ttl, value);
      for (const [list, entry] of Object.entries(more)) all.lPush(list, entry);
      await all.exec();
    },
  };
}
