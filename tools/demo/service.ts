import { z } from 'zod';
import type { Redis } from './bus.ts';

const requestSchema = z.object({ ref: z.string(), src: z.string(), dat: z.string(), ret: z.string() });

/** Returns the reply to a payload; an exception becomes the caller's error. */
export type Command = (payload: string) => string;

/** The demo's two services: an echo, and a calculator that replies to nonsense with an error. */
export const COMMANDS: Record<string, Command> = {
  'demo.echo': (payload) => payload,
  'demo.add': (payload) => {
    const numbers = payload.split('+').map(Number);
    if (numbers.some(Number.isNaN)) throw new Error(`'${payload}' is no sum`);
    return String(numbers.reduce((sum, number) => sum + number, 0));
  },
};

/**
 * Runs a service as any user would write it: pops a request from the command's list, and pushes the reply to the list
 * in the request. Resolves when its connection closes.
 */
export async function serve(redis: Redis, command: string, run: Command): Promise<void> {
  while (redis.isOpen) {
    const entry = await redis.brPop(`msgbus.${command}`, 0).catch(() => null);
    if (entry === null) return;
    const request = read(entry.element);
    if (request === undefined) continue;
    const answer = { ver: 1, ref: request.ref, dst: request.src, dat: '', now: Math.floor(Date.now() / 1000) };
    try {
      const payload = Buffer.from(request.dat, 'base64').toString();
      const dat = Buffer.from(run(payload)).toString('base64');
      await redis.lPush(request.ret, JSON.stringify({ ...answer, dat }));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      await redis.lPush(request.ret, JSON.stringify({ ...answer, err: { code: 400, message } }));
    }
  }
}

/** Returns a parsed request, or undefined: a malformed entry must not end a service. */
function read(entry: string): { ref: string; src: string; dat: string; ret: string } | undefined {
  try {
    return requestSchema.parse(JSON.parse(entry));
  } catch {
    return undefined;
  }
}
