import { z } from 'zod';
import { openLasting } from './once.ts';

const request = z.object({ ref: z.string(), src: z.string(), dat: z.string(), ret: z.string() });

/**
 * Starts an echo behind a peer, which pops requests and pushes replies as any service does.
 * @param onRequest gets the payload of each request
 */
export async function startEcho(
  redisUrl: string,
  command: string,
  onRequest: (payload: string) => void,
): Promise<AsyncDisposable> {
  const redis = await openLasting(redisUrl, command);
  redis.takeAll([`msgbus.${command}`], (entries) =>
    entries.map((entry) => {
      const { ref, src, dat, ret } = request.parse(JSON.parse(entry));
      onRequest(Buffer.from(dat, 'base64').toString());
      const now = Math.floor(Date.now() / 1000);
      return { list: ret, entry: JSON.stringify({ ver: 1, ref, dst: src, dat, now, err: null, shm: null }) };
    }),
  );
  return redis;
}
