import type { Running } from '../contenders/contenders.ts';
import { type Measure, measureLoad, type Times } from '../contenders/measure.ts';
import { benchToken, FIRST_TWIN } from '../contenders/twins.ts';
import type { Lane, LanesJob } from '../load/job.ts';
import { markedFrame, pingFrame } from './envelopes.ts';

/** Bytes after which a receiver sends a ping: RMB edge slows down a client that gives no sign of reading. */
const SIGN_BYTES = 2 ** 20;

/** Sender and receiver of messages, by index of twin. */
export type Ways = readonly (readonly [from: number, to: number])[];

/** Returns pairs without a common twin. */
export function pairs(count: number): Ways {
  return Array.from({ length: count }, (_, pair) => [pair * 2, pair * 2 + 1]);
}

/** Returns ways from all twins to one. */
export function fanIn(senders: number): Ways {
  return Array.from({ length: senders }, (_, sender) => [sender + 1, 0]);
}

/** Returns ways from one twin to all. */
export function fanOut(receivers: number): Ways {
  return Array.from({ length: receivers }, (_, receiver) => [0, receiver + 1]);
}

/** Messages along ways: a number in flight on each, and their size. */
export async function measureLanes(
  running: Running,
  { ways, flight, bytes, threads }: { ways: Ways; flight: number; bytes: number; threads: number },
  times: Times,
): Promise<Measure> {
  const jobs = await Promise.all(shares(ways, threads).map((share) => lanesJob(running.url, share, flight, bytes)));
  return measureLoad(running, jobs, times);
}

/** Distributes lanes to threads; a session must not be in two of them. */
function shares(ways: Ways, threads: number): (readonly [number, number, number])[][] {
  const dealt = Array.from({ length: Math.min(threads, ways.length) }, (): (readonly [number, number, number])[] => []);
  ways.forEach(([from, to], lane) => {
    dealt[lane % dealt.length]?.push([from, to, lane]);
  });
  return dealt;
}

async function lanesJob(
  url: string,
  share: readonly (readonly [number, number, number])[],
  flight: number,
  bytes: number,
): Promise<LanesJob> {
  const sessions = new Map<string, string>();
  const lanes = new Map<number, Lane>();
  const signs = new Map<string, Uint8Array>();
  let markAt = 0;
  for (const [from, to, lane] of share) {
    for (const index of [from, to]) sessions.set(String(index), await benchToken(FIRST_TWIN + index));
    signs.set(String(to), pingFrame(FIRST_TWIN + to));
    const marked = markedFrame(FIRST_TWIN + from, FIRST_TWIN + to, bytes, lane);
    if (markAt !== 0 && markAt !== marked.markAt) throw new Error('frames of one job differ in form');
    markAt = marked.markAt;
    lanes.set(lane, { from: String(from), to: String(to), frame: marked.frame });
  }
  return { kind: 'lanes', url, sessions, lanes, flight, markAt, signs, messagesASign: Math.ceil(SIGN_BYTES / bytes) };
}
