import type { Socket } from 'node:net';
import type { Running } from '../contenders/contenders.ts';
import { costOf, delay, type Measure } from '../contenders/measure.ts';
import { processorTime, untilIdle } from '../contenders/processes.ts';
import { benchToken, FIRST_TWIN } from '../contenders/twins.ts';
import { dial, onFrames } from '../load/frames.ts';
import { markedFrame } from './envelopes.ts';

/** Envelopes that are sent at once; a sender's outbox is bounded. */
const AT_ONCE = 1000;
/** Time for a relay elsewhere to store its envelopes (ms). */
const BLIND_MS = 3000;

/**
 * Stores messages for twins that are away, then drains one mailbox after the other. The rate is of the drain: from a
 * twin's dialling to its last message.
 */
export async function measureMailbox(running: Running, messages: number, bytes: number, twins = 1): Promise<Measure> {
  const busy = processorTime(running.pids);
  const sender = await dial(`${running.url}/?${await benchToken(FIRST_TWIN)}`);
  const receivers = await Promise.all(
    Array.from({ length: twins }, async (_, n) => {
      const twin = FIRST_TWIN + 1 + n;
      return { token: await benchToken(twin), ...markedFrame(FIRST_TWIN, twin, bytes, 1) };
    }),
  );
  const frames = receivers.flatMap(({ frame }) => Array.from({ length: messages }, () => frame));
  let stored = 0;
  for (let sent = 0; sent < frames.length; sent += AT_ONCE) {
    const began = performance.now();
    await written(sender, frames.slice(sent, sent + AT_ONCE));
    if (running.pids.length > 0) stored += (await untilIdle(running.pids)) - began;
    else await delay(BLIND_MS);
  }
  const sockets: Socket[] = [sender];
  let drained = 0;
  for (const { token, markAt } of receivers) {
    const dialled = performance.now();
    const socket = await dial(`${running.url}/?${token}`);
    sockets.push(socket);
    await received(socket, messages, markAt);
    drained += performance.now() - dialled;
  }
  for (const socket of sockets) socket.destroy();
  const spent = processorTime(running.pids) - busy;
  return {
    rate: (frames.length / drained) * 1000,
    ...costOf(running, spent, frames.length),
    more: stored === 0 ? {} : { 'stored/s': (frames.length / stored) * 1000 },
  };
}

function written(socket: Socket, frames: readonly Buffer[]): Promise<void> {
  return new Promise((resolve) => {
    for (const frame of frames.slice(1)) socket.write(frame);
    socket.write(frames[0] ?? Buffer.alloc(0), () => resolve());
  });
}

function received(socket: Socket, messages: number, markAt: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let count = 0;
    const arrived = () => {
      count += 1;
      if (count === messages) resolve();
    };
    onFrames(socket, markAt, arrived, (why) => reject(new Error(`${count} of ${messages} arrived: ${why}`)));
  });
}
