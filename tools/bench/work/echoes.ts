import { OFFER } from '../../../proto/custody/acceptance.ts';
import type { Running } from '../contenders/contenders.ts';
import { type Measure, measureLoad, type Times } from '../contenders/measure.ts';
import { benchToken, FIRST_TWIN } from '../contenders/twins.ts';
import { requestBytes } from './envelopes.ts';

/** Requests and replies between pairs of sessions: a number of requests in flight on each pair, and their size. */
export async function measureEchoes(
  running: Running,
  { pairs, flight, bytes, custody }: { pairs: number; flight: number; bytes: number; custody: boolean },
  times: Times,
): Promise<Measure> {
  const token = (twin: number) => benchToken(twin, undefined, custody ? [OFFER] : undefined);
  const all = await Promise.all(
    Array.from({ length: pairs }, async (_, pair) => {
      const [a, b] = [FIRST_TWIN + pair * 2, FIRST_TWIN + pair * 2 + 1];
      const [asks, replies] = [await token(a), await token(b)];
      return { asks, replies, request: requestBytes(a, b, bytes), reply: requestBytes(b, a, bytes) };
    }),
  );
  return measureLoad(running, [{ kind: 'echoes', url: running.url, pairs: all, flight, custody }], times);
}
