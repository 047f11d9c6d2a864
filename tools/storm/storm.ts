import { BareRefusal, type BareSession, openBare } from '../../client/session/bare.ts';

/** Limit for one answer to an upgrade, ms. */
const ANSWER_MS = 30_000;
/** The wait of a refused twin: at first, and at most. Each is drawn between half and all of it, as peers do. */
const FIRST_WAIT_MS = 1_000;
const MOST_WAIT_MS = 8_000;

/** A twin that connects at a time, and again after each refusal, until it is connected. */
export interface Arrival {
  readonly token: string;
  /** ms after the begin of the storm. */
  readonly at: number;
}

/** The results of a storm; times in ms. */
export interface StormReport {
  readonly arrivals: number;
  /** When the last twin arrived. */
  readonly lastArrival: number;
  readonly connected: number;
  /** When the last twin was connected. */
  readonly lastConnected: number;
  /** How often twins were refused, by status and code. */
  readonly refusals: { readonly [why: string]: number };
  /** When the last refusal came; undefined: there was none. */
  readonly lastRefusal: number | undefined;
  /** From the arrival of a twin until it was connected: the median, the 99th of a hundred, the longest. */
  readonly waits: { readonly p50: number; readonly p99: number; readonly most: number };
}

/** Lets twins arrive at a relay. Their sessions stay open until all are connected, or `patience` ms are over. */
export async function storm(url: string, arrivals: readonly Arrival[], patience: number): Promise<StormReport> {
  const began = performance.now();
  const now = () => performance.now() - began;
  const sessions: BareSession[] = [];
  const waits: number[] = [];
  const refusals: Record<string, number> = {};
  const seen = { lastConnected: 0, lastRefusal: undefined as number | undefined };
  const connect = async ({ token, at }: Arrival) => {
    await sleep(at - now());
    for (let wait = FIRST_WAIT_MS; now() < patience; wait = Math.min(wait * 2, MOST_WAIT_MS)) {
      try {
        sessions.push(await openBare(`${url}/?${token}`, ANSWER_MS));
        seen.lastConnected = Math.max(seen.lastConnected, now());
        waits.push(now() - at);
        return;
      } catch (error) {
        const why = error instanceof BareRefusal ? `${error.status} ${codeOf(error.body)}` : String(error);
        refusals[why] = (refusals[why] ?? 0) + 1;
        seen.lastRefusal = Math.max(seen.lastRefusal ?? 0, now());
        await sleep(wait * (0.5 + Math.random() / 2));
      }
    }
  };
  await Promise.all(arrivals.map(connect));
  for (const { socket } of sessions) socket.terminate();
  waits.sort((a, b) => a - b);
  const part = (share: number) => waits[Math.min(Math.floor(waits.length * share), waits.length - 1)] ?? 0;
  return {
    arrivals: arrivals.length,
    lastArrival: Math.max(...arrivals.map(({ at }) => at)),
    connected: sessions.length,
    refusals,
    ...seen,
    waits: { p50: part(0.5), p99: part(0.99), most: part(1) },
  };
}

/** Spreads arrivals evenly over `ms`. */
export function spread(tokens: readonly string[], ms: number): Arrival[] {
  return tokens.map((token, place) => ({ token, at: (place * ms) / Math.max(tokens.length - 1, 1) }));
}

function codeOf(body: string): string {
  return /"code":"([a-z-]+)"/.exec(body)?.[1] ?? body.slice(0, 40);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(ms, 0)));
}
