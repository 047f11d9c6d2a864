import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openProgram, type Program } from '../../test/rig/redis/program.ts';
import { type RedisServer, startRedisServer } from '../../test/rig/redis/redis.ts';
import type { PeerConfig } from '../config/config.ts';
import { type Peer, startPeer } from './peer.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const SEED = `0x${'01'.repeat(32)}`;
/** No program listens there. */
const AWAY = '127.0.0.1:9';

let redis: RedisServer;
let cluster: RedisServer;
let program: Program;
beforeAll(async () => {
  redis = await startRedisServer();
  cluster = await startRedisServer({ flags: ['--cluster-enabled', 'yes'] });
  program = await openProgram(redis.url);
});
afterAll(async () => {
  await program[Symbol.asyncDispose]();
  await Promise.all([redis.close(), cluster.close()]);
});

const start = (config: Partial<PeerConfig> = {}) =>
  startPeer(
    {
      secret: SEED,
      keyType: 'sr25519',
      redis: redis.url,
      substrate: [`ws://${AWAY}`],
      relays: ['wss://a.example', 'wss://b.example:8787/'],
      update: true,
      keepRelays: false,
      keepOnChain: false,
      admission: {},
      ...config,
    },
    silent,
    () => undefined,
  );
/** Resolves when Redis is up. */
function redisUp(peer: Peer): Promise<void> {
  return new Promise((resolve) => {
    const stop = peer.onChange(() => {
      if (!peer.state().redis.isUp) return;
      stop();
      resolve();
    });
  });
}
const connections = async () => (await program.redis.clientList()).length;

describe('startPeer', () => {
  it.each(['not a secret', '0x12'])('refuses the secret %j, and names the setting', async (secret) => {
    const before = await connections();
    await expect(start({ secret })).rejects.toThrow(/^--mnemonic: /);
    expect(await connections()).toBe(before);
  });

  it('starts without Redis, chain and relays, and reports each', async () => {
    await using peer = await start({ redis: `redis://${AWAY}` });
    const { twin, redis: part, chain, onChain, relays, isStopping } = peer.state();
    expect([twin, part.isUp, chain.isUp, onChain, isStopping]).toEqual([undefined, false, false, undefined, false]);
    // Not dialled before the twin is known: a token names it.
    const unknown = { isUp: false, detail: 'own twin id is not known yet' };
    expect(relays).toEqual(
      new Map([
        ['a.example', unknown],
        ['b.example:8787', unknown],
      ]),
    );
  });

  it('reports Redis as soon as it is up, without the chain', async () => {
    await using peer = await start();
    await redisUp(peer);
    expect(peer.state().chain.isUp).toBe(false);
  });

  it('calls a listener no more after it left', async () => {
    await using peer = await start();
    let calls = 0;
    const stop = peer.onChange(() => {
      calls += 1;
    });
    stop();
    await redisUp(peer);
    expect(calls).toBe(0);
  });

  it('rejects ready when Redis can never be used, and names the setting', async () => {
    await using peer = await start({ redis: cluster.url });
    await expect(peer.ready).rejects.toThrow(/^--redis: Redis runs in cluster mode/);
  });
});

describe('close', () => {
  it('leaves no connection to Redis', async () => {
    const before = await connections();
    const peer = await start();
    await redisUp(peer);
    expect(await connections()).toBeGreaterThan(before);
    await peer.close();
    await expect.poll(connections).toBe(before);
  });

  it('reports the stop before it ends', async () => {
    const peer = await start();
    const closing = peer.close();
    expect(peer.state().isStopping).toBe(true);
    await closing;
  });

  it('is one stop, however often it is called', async () => {
    const peer = await start();
    let stops = 0;
    peer.onChange(() => {
      stops += Number(peer.state().isStopping);
    });
    await Promise.all([peer.close(), peer.close()]);
    await peer[Symbol.asyncDispose]();
    expect(stops).toBe(1);
  });
});
