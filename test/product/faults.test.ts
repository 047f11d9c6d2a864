import { describe, expect, it } from 'vitest';
import { FAULTS } from '../../tools/faults/faults.ts';
import { openLasting } from '../../tools/faults/programs/once.ts';
import { tableOf } from '../../tools/faults/report.ts';
import { runFault } from '../../tools/faults/run.ts';
import { startWorld } from '../../tools/faults/world/world.ts';
import { startRedisServer } from '../rig/redis/redis.ts';
import { until } from '../rig/until.ts';

/** A minute of `npm run faults`: each fault strikes once. The worlds run beside each other, their faults in turn. */
const SHORT = { seconds: 0, rate: 50, seed: 17, most: { every: 0.5, lasts: 3 }, tail: 1, linger: 1 };
const WORLDS = [
  {
    about: 'relays and peers that die',
    relays: 1,
    names: ['relay-killed', 'relay-redeployed', 'relay-frozen', 'peers-killed'],
  },
  {
    about: 'Redis and networks that stop',
    relays: 1,
    names: ['redis-killed', 'redis-paused', 'network-cut', 'network-trickles'],
  },
  { about: 'half-open networks', relays: 1, names: ['hole-up', 'hole-down', 'hole-both'] },
  { about: 'the loss of one of two relays', relays: 2, names: ['relay-gone'] },
] as const;

describe.concurrent('two peers and their relays', () => {
  it.each(WORLDS)('lose and repeat nothing under $about', async ({ relays, names }) => {
    await using world = await startWorld({ relays, isDurable: true });
    const rows = [];
    for (const name of names) {
      const fault = FAULTS.find((each) => each.name === name);
      if (fault === undefined) throw new Error(`there is no fault ${name}`);
      const verdict = await runFault(world, fault, { ...SHORT, signal: AbortSignal.timeout(300_000) });
      rows.push({ name, verdict });
    }
    console.log(tableOf(rows));
    const wrong = rows.map(({ name, verdict }) => {
      const { silent, servedTwice, answeredTwice, strays, recoveries } = verdict;
      return { name, silent, servedTwice, answeredTwice, strays, isRecovered: !recoveries.includes(null) };
    });
    const zeros = { silent: 0, servedTwice: 0, answeredTwice: 0, strays: 0, isRecovered: true };
    expect(wrong).toEqual(names.map((name) => ({ name, ...zeros })));
    for (const { verdict } of rows) expect(verdict.answered).toBeGreaterThan(0);
  });

  it('are judged by programs that push and take each entry once while their Redis is killed', async () => {
    await using redis = await startRedisServer({ isDurable: true });
    await using pusher = await openLasting(redis.url, 'pusher');
    await using echo = await openLasting(redis.url, 'echo');
    await using reader = await openLasting(redis.url, 'reader');
    const taken: string[] = [];
    const read: string[] = [];
    echo.takeAll(['asked'], (entries) => {
      taken.push(...entries);
      return entries.map((entry) => ({ list: 'answered', entry }));
    });
    reader.takeAll(['answered'], (entries) => {
      read.push(...entries);
      return [];
    });
    const pushed: string[] = [];
    for (let kill = 0; kill < 5; kill += 1) {
      const pushing = (async () => {
        for (let batch = 0; batch < 40; batch += 1) {
          const entries = Array.from({ length: 5 }, (_, n) => `${kill}.${batch}.${n}`);
          pushed.push(...entries);
          await pusher.push('asked', entries);
        }
      })();
      await until('some entries of this round', () => read.some((entry) => entry.startsWith(`${kill}.`)), 1);
      await redis.kill();
      await redis.start();
      await pushing;
    }
    await until('all entries', () => read.length >= pushed.length);
    expect(taken).toEqual(pushed);
    expect(read).toEqual(pushed);
  });
});
