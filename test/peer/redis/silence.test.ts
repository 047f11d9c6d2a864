import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { localRequest, type PeerRig, startPeerRig } from '../../rig/peer/peer.ts';
import { untilRedisIsDown, untilRedisIsUp } from '../../rig/peer/peer-state.ts';
import { startService } from '../../rig/peer/service.ts';
import { openProgram } from '../../rig/redis/program.ts';
import { startRedis } from '../../rig/redis/redis.ts';
import { startProxy } from '../../rig/relay/proxy.ts';

/** Redis connections that stay open and silent. */
const CALLEE = 2;

let network: Network;
let callee: PeerRig;
let service: AsyncDisposable;
beforeAll(async () => {
  network = await startNetwork();
  callee = await startPeerRig(network, CALLEE);
  service = await startService(callee.redisUrl, 'test.echo', (payload) => ({ dat: payload }));
});
afterAll(async () => {
  for (const each of [service, callee, network]) await each[Symbol.asyncDispose]();
});

/** A Redis, and a proxy before it, at `url`. */
async function openWay() {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const url = new URL(redis.url);
  const proxy = stack.use(await startProxy({ port: Number(url.port) }));
  url.port = String(proxy.port);
  const owned = stack.move();
  return { redis, proxy, url: url.href, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

// Each has a Redis and a twin of its own: they wait for the peer's time limits, so several wait at once.
describe.concurrent('a Redis connection that goes silent without a close', () => {
  it.each<[string, (said: string) => boolean, twin: number]>([
    ['the command connection', (said) => !said.includes('BLMOVE'), 1],
    ['the connections that wait for entries', (said) => said.includes('BLMOVE'), 3],
    ['all connections', () => true, 4],
  ])('is reported, dropped and dialled again: %s', async (_, isMeant, twin) => {
    await using way = await openWay();
    await using program = await openProgram(way.redis.url);
    await using rig = await startPeerRig(network, twin, { redis: way.url, update: false });
    await program.ask(localRequest({ ref: 'before' }));
    expect(await program.reply('replies')).toMatchObject({ ref: 'before', err: null });
    way.proxy.mute(isMeant);
    await untilRedisIsDown(rig, 'no answer');
    await program.ask(localRequest({ ref: 'meanwhile' }));
    await untilRedisIsUp(rig);
    await program.ask(localRequest({ ref: 'after' }));
    const replies = [await program.reply('replies'), await program.reply('replies')];
    expect(replies).toEqual(
      expect.arrayContaining(['meanwhile', 'after'].map((ref) => expect.objectContaining({ ref, err: null }))),
    );
    expect(rig.logged.filter(({ message }) => message.startsWith('Redis: not ready'))).toHaveLength(1);
  });

  it('is dialled again when Redis never answers its first command', async () => {
    await using way = await openWay();
    way.proxy.blackhole('up', 'down');
    await using rig = await startPeerRig(network, 5, { redis: way.url, update: false, awaitsReady: false });
    await untilRedisIsDown(rig, 'no answer');
    way.proxy.restore();
    await untilRedisIsUp(rig);
  });
});

describe.concurrent('a Redis that is paused', () => {
  it('answers each request once', async () => {
    await using redis = await startRedis();
    await using program = await openProgram(redis.url);
    await using admin = await openProgram(redis.url);
    await using rig = await startPeerRig(network, 6, { redis: redis.url, update: false });
    const refs = Array.from({ length: 40 }, (_, n) => `paused ${n}`);
    const ask = (ref: string) => program.ask(localRequest({ ref, ret: 'paused' }));
    await Promise.all(refs.slice(0, 20).map(ask));
    await admin.redis.sendCommand(['CLIENT', 'PAUSE', '12000', 'ALL']);
    // Redis takes these when the pause is over.
    const asked = Promise.all(refs.slice(20).map(ask));
    await untilRedisIsDown(rig, 'no answer');
    await asked;
    await untilRedisIsUp(rig);
    const replies: unknown[] = [];
    while (replies.length < refs.length) replies.push(await program.reply('paused'));
    expect(replies).toEqual(expect.arrayContaining(refs.map((ref) => expect.objectContaining({ ref, err: null }))));
    expect(await program.redis.lLen('paused')).toBe(0);
  });
});
