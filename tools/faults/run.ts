import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../fuzz/input/random.ts';
import type { Fault, Seconds } from './faults.ts';
import { Oracle } from './oracle.ts';
import { refOf, startCaller } from './programs/caller.ts';
import { startEcho } from './programs/service.ts';
import type { Verdict } from './verdict.ts';
import type { World } from './world/world.ts';

/** Round trips before the first fault: both peers work, and know each other. */
const WARM_ROUND_TRIPS = 20;
/** A session that is silent without custody is given up after 38 s. */
const MOST_TAIL_MS = 60_000;
/** An error about a request that expired comes this late at most. */
const GRACE_MS = 10_000;
const LOOK_MS = 50;

/** How long and how hard a run is. */
export interface RunOptions {
  /** Seconds in which faults begin; there is one at least. */
  readonly seconds: number;
  /** Requests a second. */
  readonly rate: number;
  /** The same seed draws the same faults and times. */
  readonly seed: number;
  /** The most seconds between two faults, of a fault, and that a request lives. Absent: those of the fault. */
  readonly most?: {
    readonly every?: number | undefined;
    readonly lasts?: number | undefined;
    readonly ttl?: number | undefined;
  };
  /** Seconds for which the caller sends after the last fault; it sends longer until round trips work again. */
  readonly tail: number;
  /** Seconds after the last reply in which repeats are waited for. */
  readonly linger: number;
  /** A work tree of another commit for `relay-redeployed`. */
  readonly before?: URL | undefined;
  readonly signal: AbortSignal;
}

/** Sends requests through a world while one fault strikes it again and again; resolves with the outcome of all of them. */
export async function runFault(world: World, fault: Fault, options: RunOptions): Promise<Verdict> {
  const { seconds, rate, seed, most, tail, linger, before, signal } = options;
  const random = new Random(seed, fault.name, 0);
  const ttl = Math.min(fault.ttl, most?.ttl ?? fault.ttl);
  const draw = ([from, to]: Seconds, mostSeconds = to) => {
    const drawn = from * 1000 + random.below((to - from) * 1000 + 1);
    return Math.min(drawn, mostSeconds * 1000);
  };
  const wait = async (ms: number) => void (await sleep(ms, undefined, { signal }));
  const until = async (isDone: () => boolean, mostMs: number) => {
    const end = Date.now() + mostMs;
    while (!isDone() && Date.now() < end) await wait(LOOK_MS);
  };

  const oracle = new Oracle();
  // A world may meet the same fault twice.
  const command = `faults.${fault.name}.${seed}`;
  await using _service = await startEcho(world.service.redis.url, command, (payload) => oracle.served(refOf(payload)));
  const place = { redisUrl: world.caller.redis.url, callee: world.service.twin, command };
  await using caller = await startCaller({ ...place, rate, ttl }, oracle);
  await until(() => oracle.settled >= WARM_ROUND_TRIPS, MOST_TAIL_MS);

  const end = Date.now() + seconds * 1000;
  do {
    await wait(draw(fault.every, most?.every));
    const lastsMs = draw(fault.lasts, most?.lasts);
    const began = Date.now();
    await fault.strike({ world, random, lastsMs, last: () => wait(lastsMs), before });
    oracle.struck(began, fault.isBridged ? began : Date.now());
  } while (Date.now() < end);
  await wait(tail * 1000);
  await until(() => oracle.hasCaughtUp, MOST_TAIL_MS);
  await caller.stop();
  await until(() => oracle.open === 0, ttl * 1000 + GRACE_MS);
  await wait(linger * 1000);
  return oracle.verdict();
}
