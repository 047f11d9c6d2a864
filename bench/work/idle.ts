import type { Socket } from 'node:net';
import type { Running } from '../contenders.ts';
import { SESSION_KB } from '../judge.ts';
import { dial } from '../load/frames.ts';
import { delay, type Measure } from '../measure.ts';
import { memory } from '../processes.ts';
import { benchToken, FIRST_TWIN } from '../twins.ts';

/** Connections that are being made at once. */
const AT_ONCE = 64;
/** Until then objects that have nothing to do are asleep, ms. */
const ASLEEP_MS = 15_000;

/**
 * Sessions that connect and are silent. The rate is of connections; what a session takes stands in `more`, KB. The
 * twins have been looked up before: on one's own machine the cache of twins (KV) is a part of workerd, at Cloudflare
 * it is not, and it takes more than all that is ours.
 */
export async function measureIdle(running: Running, sessions: number, twins: number): Promise<Measure> {
  const tokens = await Promise.all(
    Array.from({ length: sessions }, (_, n) => benchToken(FIRST_TWIN + (n % twins), `idle-${n}`)),
  );
  // The first connection pays for what all share.
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

/** Has each twin looked up by a token whose signature is wrong, which is refused after that. @returns twins a second */
async function lookUp(url: string, tokens: readonly string[]): Promise<number> {
  const began = performance.now();
  await eachOf(tokens, async (token) => {
    const refused = await dial(`${url}/?${token.slice(0, -8)}AAAAAAAA`).then(
      () => false,
      () => true,
    );
    if (!refused) throw new Error('a token with a wrong signature was let in');
  });
  return (tokens.length / (performance.now() - began)) * 1000;
}

/** Some at once, all in the end. */
async function eachOf(tokens: readonly string[], work: (token: string) => Promise<void>): Promise<void> {
  const queue = tokens.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const token of queue) await work(token);
    }),
  );
}
