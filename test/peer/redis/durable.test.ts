import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { request } from '../../rig/envelopes/envelopes.ts';
import { localRequest, startPeerRig } from '../../rig/peer/peer.ts';
import { startService } from '../../rig/peer/service.ts';
import { openProgram, settled } from '../../rig/redis/program.ts';
import { startRedisServer } from '../../rig/redis/redis.ts';
import { REDIS_KINDS } from '../../rig/redis/redis-kinds.ts';
import { until } from '../../rig/until.ts';

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

  it('each request is executed and answered once while Redis of the caller is killed again and again', async () => {
    await using redis = await startRedisServer({ isDurable: true, program: server });
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
      // At this moment some are answered, some are in flight, and some are not claimed yet.
      await until('a part of the requests', () => seen.length >= (REQUESTS / (KILLS + 1)) * kill);
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
    await settled(program);
  });

  it('each request is queued once while Redis of the service is killed again and again', async () => {
    await using redis = await startRedisServer({ isDurable: true, program: server });
    await using _ = await startPeerRig(network, 2, { redis: redis.url });
    await using caller = await startPeerRig(network, 1);
    const refs = Array.from({ length: REQUESTS }, (_, n) => `tag-${n}`);
    for (const tag of refs) await caller.request(localRequest({ cmd: 'test.piled', tag }));
    for (let kill = 1; kill <= KILLS; kill += 1) {
      {
        // The peer's own count is no proof: it counts a delivery whose answer was lost as a repeat.
        await using service = await openProgram(redis.url);
        const piled = () => service.redis.lLen('msgbus.test.piled');
        await until('a part of the requests', async () => (await piled()) >= (REQUESTS / (KILLS + 1)) * kill);
      }
      await redis.kill();
      await redis.start();
    }
    await using service = await openProgram(redis.url);
    await until('all requests', async () => (await service.redis.lLen('msgbus.test.piled')) === REQUESTS);
    const entries = await service.redis.lRange('msgbus.test.piled', 0, -1);
    expect(entries.map((text) => JSON.parse(text).tag).sort()).toEqual([...refs].sort());
  });

  it('nothing in hand is lost while Redis refuses all writes, as in a failover', async () => {
    await using redis = await startRedisServer({ isDurable: true, program: server });
    await using rig = await startPeerRig(network, 1, { redis: redis.url });
    await using session = await network.join(6);
    await using program = await openProgram(redis.url);
    expect(await program.redis.info('server')).toMatch(says);
    const me = await network.identity(6);
    await rig.request(localRequest({ dst: [6], cmd: 'x' }));
    const { uid } = await session.next();
    // A replica without a primary answers and accepts no write.
    await program.redis.sendCommand(['REPLICAOF', '127.0.0.1', '9']);
    const answer = request({ twin: 6 }, { twin: 1 }, { uid, content: { kind: 'response' } });
    const asked = request({ twin: 6 }, { twin: 1 }, { content: { kind: 'request', command: 'test.later' } });
    session.send(await signEnvelope(answer, me));
    session.send(await signEnvelope(asked, me));
    const isRefused = () => rig.logged.some(({ message }) => message.startsWith('Redis: a command was not answered'));
    await until('a command to be refused', isRefused);
    await program.redis.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    expect(await rig.reply('replies')).toMatchObject({ src: '6', err: null });
    expect(JSON.parse((await rig.take('msgbus.test.later')) ?? '{}')).toMatchObject({ src: '6' });
    await settled(program);
    expect([await program.redis.lLen('replies'), await program.redis.lLen('msgbus.test.later')]).toEqual([0, 0]);
  });
});
