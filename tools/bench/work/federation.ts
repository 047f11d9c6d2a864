import type { Running } from '../contenders/contenders.ts';
import { type Measure, measureLoad, type Times } from '../contenders/measure.ts';
import { benchToken, FIRST_TWIN, TWINS } from '../contenders/twins.ts';
import { signedBatch, signedPost } from './envelopes.ts';

/** Twins of the other relay and of this one: pairs that the connections share. */
const PAIRS = 8;
const CONNECTIONS = 64;
/** The relay remembers 10,000 envelopes (workers/federation/accepted-envelopes.ts): one that returns after 20,000 others is no repeat to it. */
const ENVELOPES = 20_000;
/** The envelopes of all measurements differ, because two measurements may use the same relay. */
let signed = 0;

/** Measures envelopes POSTed by another relay for connected twins; the chain has `PAIRS` twins elsewhere. */
export const ELSEWHERE = PAIRS;

/**
 * Resolves with the delivered envelopes a second; `more` has `refused`, and `lost` of the accepted ones.
 * @param envelopes of each request: with more than one it is a batch
 */
export async function measureFederation(
  running: Running,
  bytes: number,
  times: Times,
  envelopes = 1,
): Promise<Measure> {
  const { hostname, port, host } = new URL(running.url);
  const pairs = Array.from({ length: PAIRS }, (_, pair) => [FIRST_TWIN + TWINS - 1 - pair, FIRST_TWIN + pair] as const);
  const posts: Buffer[] = [];
  while (posts.length * envelopes < ENVELOPES) {
    for (const [from, to] of pairs) {
      const marks = Array.from({ length: envelopes }, () => signed++);
      const [mark = 0] = marks;
      const alone = envelopes === 1;
      posts.push(await (alone ? signedPost(from, to, bytes, host, mark) : signedBatch(from, to, bytes, host, marks)));
    }
  }
  const tokens = await Promise.all(pairs.map(([, to]) => benchToken(to)));
  const job = {
    kind: 'posts',
    host: hostname,
    port: Number(port),
    url: running.url,
    tokens,
    posts,
    envelopes,
    connections: CONNECTIONS,
  } as const;
  return measureLoad(running, [job], times);
}
