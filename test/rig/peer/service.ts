import { createClient } from 'redis';
import { z } from 'zod';

const request = z.object({
  ref: z.string(),
  src: z.string(),
  cmd: z.string(),
  dat: z.string(),
  tag: z.string().nullable(),
  ret: z.string(),
});
export type ServiceRequest = z.infer<typeof request>;

interface Answer {
  readonly dat?: string;
  readonly err?: { code: number; message: string };
  readonly shm?: string;
}

/** A service beside a peer; answers each request with what `answer` makes of its payload. */
export async function startService(
  redisUrl: string,
  command: string,
  answer: (payload: string, request: ServiceRequest) => Answer | Promise<Answer>,
): Promise<AsyncDisposable> {
  const redis = createClient({ url: redisUrl });
  redis.on('error', () => undefined);
  await redis.connect();
  const serve = async () => {
    for (;;) {
      const popped = await redis.brPop(`msgbus.${command}`, 0);
      if (popped === null) continue;
      const asked = request.parse(JSON.parse(popped.element));
      const { dat = '', err, shm } = await answer(Buffer.from(asked.dat, 'base64').toString(), asked);
      const reply = {
        ver: 1,
        ref: asked.ref,
        dst: asked.src,
        dat: Buffer.from(dat).toString('base64'),
        now: Math.floor(Date.now() / 1000),
        err,
        shm,
      };
      await redis.lPush(asked.ret, JSON.stringify(reply));
    }
  };
  const serving = serve().catch(() => undefined);
  return {
    [Symbol.asyncDispose]: async () => {
      redis.destroy();
      await serving;
    },
  };
}
