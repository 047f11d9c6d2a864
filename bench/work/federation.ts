import type { Running } from '../contenders.ts';
import { type Measure, measureLoad, type Times } from '../measure.ts';
import { benchToken, FIRST_TWIN, TWINS } from '../twins.ts';
import { signedPost } from './envelopes.ts';

/** Twins of the other relay, and of ours: one pair for each of the connections to share. */
const PAIRS = 8;
const CONNECTIONS = 64;
/** The relay remembers 10,000 envelopes (workers/answered.ts): one that returns after 20,000 others is no repeat to it. */
const ENVELOPES = 20_000;
/** The envelopes of all measurements differ: two of them may ask the same relay. */
let signed = 0;

/** Envelopes that another relay brings by POST, for twins that are connected; the chain knows `PAIRS` twins elsewhere. */
export const ELSEWHERE = PAIRS;

/** Delivered a second; `refused` and `lost` of what was accepted stand in `more`. */
export async function measureFederation(running: Running, bytes: number, times: Times): Promise<Measure> {
  const { hostname, port, host } = new URL(running.url);
  const pairs = Array.from({ length: PAIRS }, (_, pair) => [FIRST_TWIN + TWINS - 1 - pair, FIRST_TWIN + pair] as const);
  const posts: Buffer[] = [];
  while (posts.length < ENVELOPES) {
    for (const [from, to] of pairs) posts.push(await signedPost(from, to, bytes, host, signed++));
  }
  const tokens = await Promise.all(pairs.map(([, to]) => benchToken(to)));
  const job = {
    kind: 'posts',
    host: hostname,
    port: Number(port),
    url: running.url,
    tokens,
    posts,
    connections: CONNECTIONS,
  } as const;
  return measureLoad(running, [job], times);
}
