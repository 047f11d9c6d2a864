import type { Socket } from 'node:net';
import type { Running } from '../contenders.ts';
import { dial } from '../load/frames.ts';
import { delay, type Measure } from '../measure.ts';
import { memory } from '../processes.ts';
import { benchToken, FIRST_TWIN } from '../twins.ts';

/** Connections that are being made at once. */
const AT_ONCE = 64;
/** Until then objects that have nothing to do are asleep, ms. */
const ASLEEP_MS = 15_000;

/** Sessions that connect and are silent. The rate is of connections; what a session takes stands in `more`, KB. */
export async function measureIdle(running: Running, sessions: number, twins: number): Promise<Measure> {
  const tokens = await Promise.all(
    Array.from({ length: sessions }, (_, n) => benchToken(FIRST_TWIN + (n % twins), `idle-${n}`)),
  );
  // The first connection pays for what all share.
  const sockets: Socket[] = [await dial(`${running.url}/?${await benchToken(FIRST_TWIN)}`)];
  const before = memory(running.pids, 'VmRSS');
  const began = performance.now();
  const queue = tokens.values();
  const dialling = Array.from({ length: AT_ONCE }, async () => {
    for (const token of queue) sockets.push(await dial(`${running.url}/?${token}`));
  });
  await Promise.all(dialling);
  const rate = (sessions / (performance.now() - began)) * 1000;
  const each = () => ((memory(running.pids, 'VmRSS') - before) * 1024) / sessions;
  const connected = each();
  await delay(ASLEEP_MS);
  const asleep = each();
  for (const socket of sockets) socket.destroy();
  const kilobytes = { 'KB a session': connected, 'KB asleep': asleep };
  return { rate, ...(running.pids.length === 0 ? {} : { peak: memory(running.pids, 'VmHWM') }), more: kilobytes };
}
