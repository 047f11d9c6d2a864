import { connect, type Socket } from 'node:net';
import { decodeBatchAnswers } from '../../../proto/batch/batch-answers.ts';
import { dial, onFrames } from './frames.ts';
import type { PostsJob } from './job.ts';
import { untilQuiet } from './quiet.ts';
import type { Tally } from './tally.ts';

const ACCEPTED = Buffer.from('HTTP/1.1 202');
/** Silence after which all messages have arrived (ms). */
const QUIET_MS = 500;

/** Runs POSTs. Resolves with a function that stops them, and resolves when nothing more arrives. */
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
  // All connections take turns, because the relay delivers a repeated envelope only once.
  let sent = 0;
  const next = () => job.posts[sent++ % job.posts.length] ?? new Uint8Array();
  for (let n = 0; n < job.connections; n += 1) sockets.push(post(job, next, tally, () => running));
  return async () => {
    running = false;
    await untilQuiet(() => lastAt, QUIET_MS);
    for (const socket of sockets) socket.destroy();
  };
}

/** A connection that posts, awaits the answer, and repeats. */
function post(job: PostsJob, next: () => Uint8Array, tally: Tally, isRunning: () => boolean): Socket {
  const socket = connect({ host: job.host, port: job.port, noDelay: true });
  let sentAt = 0;
  let come = Buffer.alloc(0);
  const send = () => {
    sentAt = performance.now();
    come = Buffer.alloc(0);
    socket.write(next());
  };
  socket.on('data', (chunk: Buffer) => {
    come = Buffer.concat([come, chunk]);
    const accepted = acceptedOf(come, job.envelopes);
    if (accepted === undefined) return;
    tally.took(performance.now() - sentAt);
    tally.accepted += accepted;
    tally.refused += job.envelopes - accepted;
    if (isRunning()) send();
  });
  socket.once('connect', send);
  return socket;
}

/** Returns how many envelopes of a request the relay accepted; undefined while its answer is incomplete. */
function acceptedOf(answer: Buffer, envelopes: number): number | undefined {
  // A 202 is a head without a body and fits into one chunk.
  if (envelopes === 1) return answer.subarray(0, ACCEPTED.length).equals(ACCEPTED) ? 1 : 0;
  const bodyAt = answer.indexOf('\r\n\r\n') + 4;
  if (bodyAt < 4) return undefined;
  const length = /content-length: (\d+)/i.exec(answer.subarray(0, bodyAt).toString('latin1'))?.[1];
  if (length === undefined) return 0;
  if (answer.length < bodyAt + Number(length)) return undefined;
  const answers = decodeBatchAnswers(answer.subarray(bodyAt), envelopes);
  return answers.ok ? answers.value.filter(({ status }) => status === 202).length : 0;
}
