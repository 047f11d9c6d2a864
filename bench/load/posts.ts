import { connect, type Socket } from 'node:net';
import { dial, onFrames } from './frames.ts';
import type { PostsJob } from './job.ts';
import { untilQuiet } from './quiet.ts';
import type { Tally } from './tally.ts';

const ACCEPTED = Buffer.from('HTTP/1.1 202');
/** How long nothing must have come for all to be there, ms. */
const QUIET_MS = 500;

/** Runs POSTs until they are stopped. @returns how to stop; ends when nothing more arrives */
export async function runPosts(job: PostsJob, tally: Tally, fail: (why: string) => void): Promise<() => Promise<void>> {
  let running = true;
  let lastAt = 0;
  const sockets: Socket[] = [];
  for (const token of job.tokens) {
    const socket = await dial(`${job.url}/?${token}`);
    sockets.push(socket);
    const arrived = () => {
      tally.received += 1;
      lastAt = performance.now();
    };
    onFrames(socket, 0, arrived, (why) => running && fail(why));
  }
  // All connections take turns: a relay that knows an envelope again would deliver it once only.
  let sent = 0;
  const next = () => job.posts[sent++ % job.posts.length] ?? new Uint8Array();
  for (let n = 0; n < job.connections; n += 1) sockets.push(post(job, next, tally, () => running));
  return async () => {
    running = false;
    await untilQuiet(() => lastAt, QUIET_MS);
    for (const socket of sockets) socket.destroy();
  };
}

/** A connection that posts, awaits the answer, and posts again. */
function post(job: PostsJob, next: () => Uint8Array, tally: Tally, isRunning: () => boolean): Socket {
  const socket = connect({ host: job.host, port: job.port, noDelay: true });
  let sentAt = 0;
  const send = () => {
    sentAt = performance.now();
    socket.write(next());
  };
  // A 202 is a head without a body, and fits one chunk.
  socket.on('data', (chunk: Buffer) => {
    tally.took(performance.now() - sentAt);
    if (chunk.subarray(0, ACCEPTED.length).equals(ACCEPTED)) tally.accepted += 1;
    else tally.refused += 1;
    if (isRunning()) send();
  });
  socket.once('connect', send);
  return socket;
}
