import { createClient } from 'redis';
import type { Random } from '../fuzz/input/random.ts';
import type { Way } from './world/weather.ts';
import type { Side, World, WorldOptions } from './world/world.ts';

/** Least and most seconds; each time is drawn from between. */
export type Seconds = readonly [least: number, most: number];

/** What one fault may use. */
interface Strike {
  readonly world: World;
  readonly random: Random;
  /** How long it lasts, ms. */
  readonly lastsMs: number;
  /** Resolves after `lastsMs`; rejects when the run is interrupted. */
  last(): Promise<void>;
  /** A work tree of another commit, which is deployed in turns with this one; absent: none. */
  readonly before: URL | undefined;
}

/** A fault that strikes again and again. */
export interface Fault {
  readonly name: string;
  readonly about: string;
  readonly world: WorldOptions;
  /** Time between two. */
  readonly every: Seconds;
  readonly lasts: Seconds;
  /** Seconds that a request lives: longer than the fault. */
  readonly ttl: number;
  /** Whether round trips are expected to work again while it lasts. */
  readonly isBridged?: true;
  /** Strikes once; resolves when it is over. */
  strike(means: Strike): Promise<void>;
}

const ONE_RELAY = { relays: 1, isDurable: false };
const DURABLE = { relays: 1, isDurable: true };
const TTL = 60;
const AT_ONCE: Seconds = [0, 0];
const TRICKLE_BYTES_PER_SECOND = 2048;

export const FAULTS: readonly Fault[] = [
  {
    name: 'relay-killed',
    about: 'SIGKILL to workerd, and a start on the same storage',
    world: ONE_RELAY,
    every: [2, 5],
    lasts: AT_ONCE,
    ttl: TTL,
    strike: ({ world }) => all(world.relays, (relay) => relay.restart()),
  },
  {
    name: 'relay-redeployed',
    about: 'the relay stops, another bundle starts on the same storage',
    world: ONE_RELAY,
    every: [3, 8],
    lasts: AT_ONCE,
    ttl: TTL,
    strike: ({ world, random, before }) =>
      all(world.relays, async (relay) => {
        await relay.stop();
        await relay.start(random.once(2) ? before : undefined);
      }),
  },
  {
    name: 'relay-frozen',
    about: 'SIGSTOP to workerd for 60 s',
    world: ONE_RELAY,
    every: [5, 20],
    lasts: [60, 60],
    ttl: 2 * TTL,
    strike: async ({ world, last }) => {
      for (const relay of world.relays) relay.freeze();
      await last();
      for (const relay of world.relays) relay.thaw();
    },
  },
  {
    name: 'relay-gone',
    about: 'one of two relays is killed, and away for 10 to 20 s; recovery is counted from the kill',
    world: { relays: 2, isDurable: false },
    every: [5, 10],
    lasts: [10, 20],
    ttl: TTL,
    isBridged: true,
    strike: async ({ world, random, last }) => {
      const relay = random.pick(world.relays);
      await relay.kill9();
      await last();
      await relay.start();
    },
  },
  {
    name: 'peers-killed',
    about: 'SIGKILL to either peer or to both, and a start at once',
    world: ONE_RELAY,
    every: [3, 8],
    lasts: AT_ONCE,
    ttl: TTL,
    strike: async ({ world, random }) => {
      const killed = someSides(world, random);
      await all(killed, ({ peer }) => peer.kill9());
      for (const { peer } of killed) peer.start();
    },
  },
  {
    name: 'redis-killed',
    about: 'SIGKILL to either Redis or to both (appendfsync always), and a start up to 2 s later',
    world: DURABLE,
    every: [3, 8],
    lasts: [0, 2],
    ttl: TTL,
    strike: async ({ world, random, last }) => {
      const killed = someSides(world, random);
      await all(killed, ({ redis }) => redis.kill());
      await last();
      await all(killed, ({ redis }) => redis.start());
    },
  },
  {
    name: 'redis-paused',
    about: 'SIGSTOP or CLIENT PAUSE to either Redis or to both for 5 to 30 s',
    world: DURABLE,
    every: [5, 10],
    lasts: [5, 30],
    ttl: TTL,
    strike: async ({ world, random, last, lastsMs }) => {
      const paused = someSides(world, random);
      if (random.once(2)) {
        await all(paused, ({ redis }) => pauseClients(redis.url, lastsMs));
        return last();
      }
      for (const { redis } of paused) redis.freeze();
      await last();
      for (const { redis } of paused) redis.thaw();
    },
  },
  {
    name: 'network-cut',
    about: 'either peer’s connection to the relay, or both, are reset or closed',
    world: ONE_RELAY,
    every: [3, 12],
    lasts: AT_ONCE,
    ttl: TTL,
    strike: async ({ world, random }) => {
      const isReset = !random.once(3);
      for (const { links } of someSides(world, random)) for (const link of links) isReset ? link.cut() : link.end();
    },
  },
  hole('hole-up', 'nothing passes from either peer, or both, to the relay for 10 to 20 s', ['up']),
  hole('hole-down', 'nothing passes from the relay to either peer, or both, for 10 to 20 s', ['down']),
  hole('hole-both', 'nothing passes between either peer, or both, and the relay for 10 to 20 s', ['up', 'down']),
  {
    name: 'network-trickles',
    about: '2 KiB a second pass each way between either peer, or both, and the relay for 10 s',
    world: ONE_RELAY,
    every: [5, 10],
    lasts: [10, 10],
    ttl: TTL,
    strike: async ({ world, random, last }) => {
      const links = someSides(world, random).flatMap((side) => side.links);
      for (const link of links) link.trickle(TRICKLE_BYTES_PER_SECOND);
      await last();
      for (const link of links) link.clear();
    },
  },
];

/** A half-open network: bytes vanish, sockets stay. After it, the old connections come back, or stay silent for good. */
function hole(name: string, about: string, ways: readonly Way[]): Fault {
  return {
    name,
    about,
    world: ONE_RELAY,
    every: [5, 10],
    lasts: [10, 20],
    ttl: TTL,
    strike: async ({ world, random, last }) => {
      const links = someSides(world, random).flatMap((side) => side.links);
      const forgets = random.once(2);
      for (const link of links) link.hole(...ways);
      await last();
      for (const link of links) link.clear(forgets);
    },
  };
}

/** Returns either side, or both. */
function someSides({ sides }: World, random: Random): readonly Side[] {
  return random.once(3) ? sides : [random.pick(sides)];
}

async function all<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  await Promise.all(items.map(act));
}

async function pauseClients(url: string, ms: number): Promise<void> {
  const client = createClient({ url });
  client.on('error', () => undefined);
  await client.connect();
  await client.sendCommand(['CLIENT', 'PAUSE', String(ms), 'ALL']);
  client.destroy();
}
