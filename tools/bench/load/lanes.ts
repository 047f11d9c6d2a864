import type { Socket } from 'node:net';
import { dial, NO_MARK, onFrames } from './frames.ts';
import type { Lane, LanesJob } from './job.ts';
import { untilQuiet } from './quiet.ts';
import type { Tally } from './tally.ts';

/** Frames of a lane that are written at once. */
const RUN = 64;

/** Silence after which all messages have arrived (ms). */
const QUIET_MS = 200;

/** A lane at work. */
interface LaneAtWork {
  readonly socket: Socket;
  readonly bytes: number;
  /** Repeated frame: messages that are released together are one write. */
  readonly run: Buffer;
  /** Send times of the messages in flight, oldest first, in a ring. */
  readonly sentAt: Float64Array;
  oldest: number;
  youngest: number;
  /** Messages to send after this chunk. */
  due: number;
}

/** Runs lanes. Resolves with a function that stops them; after that every message has arrived or is lost. */
export async function runLanes(job: LanesJob, tally: Tally, fail: (why: string) => void): Promise<() => Promise<void>> {
  const sockets = new Map<string, Socket>();
  for (const [name, token] of job.sessions) sockets.set(name, await dial(`${job.url}/?${token}`));
  let running = false;
  let lastAt = performance.now();
  const lanes = new Map<number, LaneAtWork>();
  for (const [number, lane] of job.lanes) lanes.set(number, atWork(lane, sockets, job.flight));
  const due: LaneAtWork[] = [];
  const release = () => {
    for (const lane of due) send(lane, performance.now());
    due.length = 0;
  };
  const arrived = (mark: number) => {
    lastAt = performance.now();
    if (!running) return;
    const lane = lanes.get(mark);
    if (lane === undefined) return fail(`received a frame of no lane (mark ${mark}): an error of the relay?`);
    tally.received += 1;
    tally.took(performance.now() - (lane.sentAt[lane.oldest] ?? 0));
    lane.oldest = (lane.oldest + 1) % lane.sentAt.length;
    if (lane.due === 0) due.push(lane);
    lane.due += 1;
  };
  for (const [name, socket] of sockets) {
    const sign = job.signs.get(name);
    let unanswered = 0;
    const came = (mark: number) => {
      // The answer to a sign is too short for a mark.
      if (mark === NO_MARK) return;
      unanswered += 1;
      if (unanswered === job.messagesASign && sign !== undefined) {
        socket.write(sign);
        unanswered = 0;
      }
      arrived(mark);
    };
    onFrames(socket, job.markAt, came, (why) => running && fail(why));
    // After a whole chunk, the released messages of a lane are one write.
    socket.on('data', release);
  }
  const quiet = () => untilQuiet(() => lastAt, QUIET_MS);
  // Ignore envelopes that an earlier load left in a mailbox.
  await quiet();
  running = true;
  for (const lane of lanes.values()) {
    lane.due = job.flight;
    send(lane, performance.now());
  }
  return async () => {
    running = false;
    // Messages in flight must not wait for the next connection.
    await quiet();
    for (const socket of sockets.values()) socket.destroy();
  };
}

function atWork(lane: Lane, sockets: ReadonlyMap<string, Socket>, flight: number): LaneAtWork {
  const socket = sockets.get(lane.from);
  if (socket === undefined) throw new Error(`no session ${lane.from}`);
  const run = Buffer.concat(Array.from({ length: Math.min(flight, RUN) }, () => lane.frame));
  const sentAt = new Float64Array(flight + 1);
  return { socket, bytes: lane.frame.length, run, sentAt, oldest: 0, youngest: 0, due: 0 };
}

/** Sends the released messages; their latency counts from `now`. */
function send(lane: LaneAtWork, now: number): void {
  for (let n = 0; n < lane.due; n += 1) {
    lane.sentAt[lane.youngest] = now;
    lane.youngest = (lane.youngest + 1) % lane.sentAt.length;
  }
  for (; lane.due > 0; ) {
    const bytes = Math.min(lane.due * lane.bytes, lane.run.length);
    lane.socket.write(lane.run.subarray(0, bytes));
    lane.due -= bytes / lane.bytes;
  }
}
