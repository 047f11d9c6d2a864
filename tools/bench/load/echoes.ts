import type { Socket } from 'node:net';
import { WINDOW } from '../../../proto/custody/acceptance.ts';
import { decodeFrame, encodeFrame, MOST_ENVELOPES, MOST_RECEIPTS } from '../../../proto/custody/frame.ts';
import { WaitingReceipts } from '../../../proto/custody/receipts.ts';
import { Unacknowledged } from '../../../proto/custody/unacknowledged.ts';
import { clientFrame, dial } from './frames.ts';
import type { EchoesJob } from './job.ts';
import { onPayloads } from './payloads.ts';
import { untilQuiet } from './quiet.ts';
import type { Tally } from './tally.ts';

// Pairs of sessions: one sends requests, the other replies to each. With custody or without, the load differs only in
// its frames.

/** Silence after which all messages have arrived (ms). */
const QUIET_MS = 200;
/** A peer keeps receipts back for this long, ms. */
const HOLD_MS = 1_000;

/** One session, as the load needs it. */
interface End {
  /** Sends the same envelope so many times. */
  send(times: number): void;
  /** Ends its timer. */
  close(): void;
}

/** Runs pairs. Resolves with a function that stops them; after that every message has arrived or is lost. */
export async function runEchoes(
  job: EchoesJob,
  tally: Tally,
  fail: (why: string) => void,
): Promise<() => Promise<void>> {
  let isRunning = true;
  let lastAt = performance.now();
  const sockets: Socket[] = [];
  const ends: End[] = [];
  const open = job.custody ? openCustody : openPlain;
  const end = (why: string) => isRunning && fail(why);
  const session = async (token: string, envelope: Uint8Array, came: (count: number) => void) => {
    const socket = await dial(`${job.url}/?${token}`);
    sockets.push(socket);
    const opened = await open(socket, envelope, came, end);
    ends.push(opened);
    return opened;
  };
  const askers: End[] = [];
  for (const { asks, replies, request, reply } of job.pairs) {
    const replier: End = await session(replies, reply, (count) => replier.send(count));
    const sentAt: number[] = [];
    const ask = (count: number) => {
      for (let n = 0; n < count; n += 1) sentAt.push(performance.now());
      asker.send(count);
    };
    const asker: End = await session(asks, request, (count) => {
      lastAt = performance.now();
      tally.received += count;
      for (const at of sentAt.splice(0, count)) tally.took(lastAt - at);
      if (isRunning) ask(count);
    });
    askers.push({ ...asker, send: ask });
  }
  for (const asker of askers) asker.send(job.flight);
  return async () => {
    isRunning = false;
    await untilQuiet(() => lastAt, QUIET_MS);
    for (const each of ends) each.close();
    for (const socket of sockets) socket.destroy();
  };
}

async function openPlain(
  socket: Socket,
  envelope: Uint8Array,
  came: (count: number) => void,
  end: (why: string) => void,
): Promise<End> {
  const frame = clientFrame(envelope);
  let arrived = 0;
  const message = () => {
    arrived += 1;
  };
  onPayloads(socket, message, end);
  // After a whole chunk, what it releases is one write.
  socket.on('data', () => {
    const count = arrived;
    arrived = 0;
    if (count > 0) came(count);
  });
  return {
    send: (times) => void socket.write(times === 1 ? frame : Buffer.concat(new Array<Buffer>(times).fill(frame))),
    close: () => undefined,
  };
}

async function openCustody(
  socket: Socket,
  envelope: Uint8Array,
  came: (count: number) => void,
  end: (why: string) => void,
): Promise<End> {
  const sent = new Unacknowledged<{ readonly bytes: Uint8Array }>(WINDOW);
  const receipts = new WaitingReceipts();
  const accepted = Promise.withResolvers<void>();
  let arrived = 0;
  let epoch = 0;
  let timer: NodeJS.Timeout | undefined;
  const write = (count: number, isUrgent: boolean) => {
    const first = sent.next ?? 0;
    const envelopes = new Array<Uint8Array>(count).fill(envelope);
    for (let n = 0; n < count; n += 1) sent.add({ bytes: envelope });
    socket.write(
      clientFrame(encodeFrame({ epoch, since: 0, isUrgent, receipts: receipts.take(MOST_RECEIPTS), first, envelopes })),
    );
    clearTimeout(timer);
    timer = undefined;
  };
  onPayloads(
    socket,
    ({ kind, bytes }) => {
      if (kind === 'text') return accepted.resolve();
      const frame = decodeFrame(bytes);
      if (!frame.ok) return end(frame.error);
      epoch = frame.value.epoch;
      for (const receipt of frame.value.receipts) sent.receive(receipt);
      const { first, envelopes } = frame.value;
      const last = first + envelopes.length - 1;
      if (envelopes.length > 0) receipts.addRun({ first, last, outcome: 'delivered' });
      arrived += envelopes.length;
    },
    end,
  );
  socket.on('data', () => {
    const count = arrived;
    arrived = 0;
    if (count > 0) came(count);
    if (receipts.sequences > 0) timer ??= setTimeout(() => write(0, true), HOLD_MS);
  });
  await accepted.promise;
  return {
    send: (times) => {
      for (let left = times; left > 0; left -= MOST_ENVELOPES) write(Math.min(left, MOST_ENVELOPES), false);
    },
    close: () => clearTimeout(timer),
  };
}
