import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { signEnvelope } from '../proto/signature.ts';
import { startDurableRedis } from './rig/durable-redis.ts';
import { request } from './rig/envelopes.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { localRequest, startPeerRig } from './rig/peer.ts';
import { openProgram } from './rig/program.ts';
import { REDIS_KINDS } from './rig/redis-kinds.ts';
import { startService } from './rig/service.ts';

const REQUESTS = 60;
const KILLS = 3;

/** Redis keeps what it has said yes to (appendfsync always): so then does the peer, on each kind of it. */
let network: Network;
let directory: string;
beforeAll(async () => {
  network = await startNetwork();
  directory = await mkdtemp(join(tmpdir(), 'rmb-redis-kinds-'));
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

describe.each(REDIS_KINDS)('on $name', ({ name, says, find }) => {
  let server: string | undefined;
  beforeAll(async () => {
    const place = join(directory, name);
    await mkdir(place);
    server = find(place);
  });
  beforeEach(({ skip }) => skip(server === undefined, `nothing brings ${name} here`));

  it('Redis of the caller killed again and again: every request is answered once, the service saw it once', async () => {
    await using redis = await startDurableRedis([], server);
    await using _ = await startPeerRig(network, 1, { redis: redis.url });
    await using callee = await startPeerRig(network, 2);
    const seen: string[] = [];
    await using _service = await startService(callee.redisUrl, 'test.once', (payload) => {
      seen.push(payload);
      return { dat: payload };
    });
    const all = Array.from({ length: REQUESTS }, (_, n) => `request ${n}`);
    {
      await using program = await openProgram(redis.url);
      for (const each of all) {
        await program.ask(
          localRequest({ cmd: 'test.once', dat: Buffer.from(each).toString('base64'), ret: 'answers' }),
        );
      }
    }
    for (let kill = 1; kill <= KILLS; kill += 1) {
      // Some are answered, some under way, some not taken yet.
      await expect.poll(() => seen.length, { timeout: 40_000 }).toBeGreaterThanOrEqual((REQUESTS / (KILLS + 1)) * kill);
      await redis.kill();
      await redis.start();
    }
    await using program = await openProgram(redis.url);
    const answers: string[] = [];
    for (const _ of all) answers.push(JSON.stringify(await program.reply('answers', 40)));
    const payloads = answers.map((text) => Buffer.from(JSON.parse(text).dat, 'base64').toString());
    expect(payloads.sort()).toEqual([...all].sort());
    expect([...seen].sort()).toEqual([...all].sort());
    expect(await program.redis.lLen('answers')).toBe(0);
    await expect.poll(() => program.redis.hLen('msgbus.system.v2.local.claimed'), { timeout: 20_000 }).toBe(0);
  }, 180_000);

  it('Redis of the service killed while requests come in: each lies in its queue, once', async () => {
    await using redis = await startDurableRedis([], server);
    await using _ = await startPeerRig(network, 2, { redis: redis.url });
    await using caller = await startPeerRig(network, 1);
    const refs = Array.from({ length: REQUESTS }, (_, n) => `tag-${n}`);
    for (const tag of refs) await caller.request(localRequest({ cmd: 'test.piled', tag }));
    for (let kill = 1; kill <= KILLS; kill += 1) {
      {
        // What the peer has heard of does not tell: of a delivery whose answer was lost it hears that it is a repeat.
        await using service = await openProgram(redis.url);
        const piled = () => service.redis.lLen('msgbus.test.piled');
        await expect.poll(piled, { timeout: 40_000 }).toBeGreaterThanOrEqual((REQUESTS / (KILLS + 1)) * kill);
      }
      await redis.kill();
      await redis.start();
    }
    await using service = await openProgram(redis.url);
    await expect.poll(() => service.redis.lLen('msgbus.test.piled'), { timeout: 40_000 }).toBe(REQUESTS);
    const entries = await service.redis.lRange('msgbus.test.piled', 0, -1);
    expect(entries.map((text) => JSON.parse(text).tag).sort()).toEqual([...refs].sort());
  }, 180_000);

  it('that refuses all writes for a while, as one that fails over: what is in hand waits and is not lost', async () => {
    await using redis = await startDurableRedis([], server);
    await using rig = await startPeerRig(network, 1, { redis: redis.url });
    await using session = await network.join(6);
    await using program = await openProgram(redis.url);
    expect(await program.redis.info('server')).toMatch(says);
    const me = await network.identity(6);
    await rig.request(localRequest({ dst: [6], cmd: 'x' }));
    const { uid } = await session.next();
    // The replica of nobody: it answers, and takes nothing.
    await program.redis.sendCommand(['REPLICAOF', '127.0.0.1', '9']);
    const answer = request({ twin: 6 }, { twin: 1 }, { uid, content: { kind: 'response' } });
    const asked = request({ twin: 6 }, { twin: 1 }, { content: { kind: 'request', command: 'test.later' } });
    session.send(await signEnvelope(answer, me));
    session.send(await signEnvelope(asked, me));
    const isRefused = () => rig.logged.some(({ message }) => message.startsWith('Redis: a command was not answered'));
    await expect.poll(isRefused, { timeout: 20_000 }).toBe(true);
    await program.redis.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    expect(await rig.reply('replies')).toMatchObject({ src: '6', err: null });
    expect(JSON.parse((await rig.take('msgbus.test.later')) ?? '{}')).toMatchObject({ src: '6' });
    await expect.poll(() => program.redis.exists('msgbus.system.v2.local.claimed'), { timeout: 20_000 }).toBe(0);
    expect([await program.redis.lLen('replies'), await program.redis.lLen('msgbus.test.later')]).toEqual([0, 0]);
  });
});
