import type { Socket } from 'node:net';
import type { Running } from '../contenders.ts';
import { dial, onFrames } from '../load/frames.ts';
import { costOf, delay, type Measure } from '../measure.ts';
import { processorTime, untilIdle } from '../processes.ts';
import { benchToken, FIRST_TWIN } from '../twins.ts';
import { markedFrame } from './envelopes.ts';

/** Sent in one go; a sender's outbox is bounded. */
const AT_ONCE = 1000;
/** A relay that runs elsewhere is given so long to store what it was sent, ms. */
const BLIND_MS = 3000;

/** Messages for a twin that is away, then the twin. The rate is of the second: from its dialling to the last message. */
export async function measureMailbox(running: Running, messages: number, bytes: number): Promise<Measure> {
  const busy = processorTime(running.pids);
  const sender = await dial(`${running.url}/?${await benchToken(FIRST_TWIN)}`);
  const { frame, markAt } = markedFrame(FIRST_TWIN, FIRST_TWIN + 1, bytes, 1);
  let stored = 0;
  for (let sent = 0; sent < messages; sent += AT_ONCE) {
    const began = performance.now();
    await written(sender, frame, Math.min(AT_ONCE, messages - sent));
    if (running.pids.length > 0) stored += (await untilIdle(running.pids)) - began;
    else await delay(BLIND_MS);
  }
  const token = await benchToken(FIRST_TWIN + 1);
  const dialled = performance.now();
  const receiver = await dial(`${running.url}/?${token}`);
  await received(receiver, messages, markAt);
  const rate = (messages / (performance.now() - dialled)) * 1000;
  for (const socket of [sender, receiver]) socket.destroy();
  const spent = processorTime(running.pids) - busy;
  return {
    rate,
    ...costOf(running, spent, messages),
    more: stored === 0 ? {} : { 'stored/s': (messages / stored) * 1000 },
  };
}

function written(socket: Socket, frame: Buffer, count: number): Promise<void> {
  return new Promise((resolve) => {
    for (let n = 1; n < count; n += 1) socket.write(frame);
    socket.write(frame, () => resolve());
  });
}

function received(socket: Socket, messages: number, markAt: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let count = 0;
    const arrived = () => {
      count += 1;
      if (count === messages) resolve();
    };
    onFrames(socket, markAt, arrived, (why) => reject(new Error(`${count} of ${messages} came: ${why}`)));
  });
}
