import type { Socket } from 'node:net';
import type { Running } from '../contenders/contenders.ts';
import { delay, type Measure } from '../contenders/measure.ts';
import { memory } from '../contenders/processes.ts';
import { benchToken, FIRST_TWIN } from '../contenders/twins.ts';
import { dial } from '../load/frames.ts';

export const SESSION_KB = 'KB a session';

/** Simultaneous attempts to connect. */
const AT_ONCE = 64;
/** By then idle objects hibernate (ms). */
const ASLEEP_MS = 15_000;

/**
 * Measures sessions that connect and stay silent. The rate is of connections; `more` has the memory of a session in KB.
 * The twins were looked up before, because on one machine the cache of twins (KV) is a part of workerd. It takes more
 * memory than the relay, and is elsewhere on Cloudflare.
 */
export async function measureIdle(running: Running, sessions: number, twins: number): Promise<Measure> {
  const tokens = await Promise.all(
    Array.from({ length: sessions }, (_, n) => benchToken(FIRST_TWIN + (n % twins), `idle-${n}`)),
  );
  // The first connection pays for shared parts.
  const sockets: Socket[] = [await dial(`${running.url}/?${await benchToken(FIRST_TWIN)}`)];
  const lookups = running.checksTokens ? await lookUp(running.url, tokens.slice(0, twins)) : undefined;
  const before = memory(running.pids, 'VmRSS');
  const began = performance.now();
  await eachOf(tokens, async (token) => void sockets.push(await dial(`${running.url}/?${token}`)));
  const rate = (sessions / (performance.now() - began)) * 1000;
  const each = () => ((memory(running.pids, 'VmRSS') - before) * 1024) / sessions;
  const connected = each();
  await delay(ASLEEP_MS);
  const asleep = each();
  for (const socket of sockets) socket.destroy();
  const more = {
    [SESSION_KB]: connected,
    'KB asleep': asleep,
    ...(lookups === undefined ? {} : { 'look-ups/s': lookups }),
  };
  return { rate, ...(running.pids.length === 0 ? {} : { peak: memory(running.pids, 'VmHWM') }), more };
}

/** Makes the relay look up each twin, by a token with an invalid signature. Resolves with twins a second. */
async function lookUp(url: string, tokens: readonly string[]): Promise<number> {
  const began = performance.now();
  await eachOf(tokens, async (token) => {
    const refused = await dial(`${url}/?${token.slice(0, -8)}AAAAAAAA`).then(
      () => false,
      () => true,
    );
    if (!refused) throw new Error('a token with an invalid signature was accepted');
  });
  return (tokens.length / (performance.now() - began)) * 1000;
}

/** Runs tasks with limited concurrency. */
async function eachOf(tokens: readonly string[], work: (token: string) => Promise<void>): Promise<void> {
  const queue = tokens.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const token of queue) await work(token);
    }),
  );
}
