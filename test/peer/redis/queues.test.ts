import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisConnection } from '../../../local-peer/redis/connection/connection.ts';
import { DELIVER } from '../../../local-peer/redis/delivery-script.ts';
import { RedisPrograms } from '../../../local-peer/redis/programs.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { localRequest, type PeerRig, startPeerRig } from '../../rig/peer/peer.ts';
import { openProgram, type Program, settled } from '../../rig/redis/program.ts';
import { startRedis } from '../../rig/redis/redis.ts';
import type { RedisRig } from '../../rig/redis/shared-redis.ts';
import { until } from '../../rig/until.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let redis: RedisRig;
let connection: RedisConnection;
let program: Program;
beforeAll(async () => {
  redis = await startRedis();
  connection = new RedisConnection(redis.url, silent, () => undefined);
  program = await openProgram(redis.url);
});
afterAll(async () => {
  connection.close();
  await program[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

describe('a service’s queue', () => {
  let nth = 0;
  /** A queue that takes so many entries, and so many bytes. */
  function queueOf(most: number, bytes: number) {
    nth += 1;
    const [queue, sizes] = [`msgbus.q${nth}`, `msgbus.system.sizes.q${nth}`];
    const deliver = (uid: string, entry: string, { seconds = 100, now = 1000 } = {}) => {
      const never = ['served', 'never-served', 'never-served.7'].map((key) => `msgbus.system.v2.${nth}.${key}`);
      const keys = [queue, sizes, ...never, `msgbus.system.v2.reply-list.${queue}`, `msgbus.system.seen.${nth}.${uid}`];
      const args = [entry, seconds, now, most, bytes, 1000, 100_000, 7, queue.slice('msgbus.'.length)].map(String);
      return connection.evaluate(DELIVER, keys, args);
    };
    return { queue, sizes, deliver };
  }

  it('takes a uid once', async () => {
    const { queue, deliver } = queueOf(10, 1000);
    expect([await deliver('a', 'x'), await deliver('a', 'x')]).toEqual(['delivered', 'repeated']);
    await program.redis.rPop(queue);
    expect(await deliver('a', 'x')).toBe('repeated');
    expect(await program.redis.lLen(queue)).toBe(0);
  });

  it('makes room only by expired entries, oldest first', async () => {
    const { queue, deliver } = queueOf(2, 1000);
    await deliver('a', 'a', { seconds: 10 });
    await deliver('b', 'b', { seconds: 100 });
    expect(await deliver('c', 'c', { now: 1009 })).toBe('full');
    expect(await deliver('c', 'c', { now: 1010 })).toBe('delivered');
    expect(await deliver('d', 'd', { now: 1011 })).toBe('full');
    expect(await program.redis.lRange(queue, 0, -1)).toEqual(['c', 'b']);
  });

  it('expires with its entries, unless programs pushed to it themselves', async () => {
    const ours = queueOf(10, 1000);
    await ours.deliver('a', 'a', { seconds: 50_000 });
    await ours.deliver('b', 'b', { seconds: 20_000 });
    expect(await program.redis.ttl(ours.queue)).toBeGreaterThan(20_000);
    const theirs = queueOf(10, 1000);
    await program.redis.lPush(theirs.queue, 'theirs');
    await theirs.deliver('a', 'a');
    expect(await program.redis.ttl(theirs.queue)).toBe(-1);
    expect(await program.redis.ttl(theirs.sizes)).toBeGreaterThan(0);
    // Between two entries of the peer: the expiry that the first one set is removed.
    await program.redis.lPush(ours.queue, 'theirs');
    await ours.deliver('c', 'c');
    expect(await program.redis.ttl(ours.queue)).toBe(-1);
  });

  it('keeps its bounds and its order while services take entries', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('deliver' as const), length: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ kind: fc.constant('pop' as const), length: fc.integer({ min: 1, max: 3 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { queue, deliver } = queueOf(5, 100);
        let model: string[] = [];
        for (const [n, { kind, length }] of steps.entries()) {
          if (kind === 'pop') {
            await program.redis.rPopCount(queue, length);
            model = model.slice(0, Math.max(0, model.length - length));
            continue;
          }
          const entry = String(n % 10).repeat(length);
          const bytes = model.reduce((sum, each) => sum + each.length, 0);
          const fits = model.length < 5 && bytes + length <= 100;
          expect(await deliver(String(n), entry)).toBe(fits ? 'delivered' : 'full');
          if (fits) model = [entry, ...model];
        }
        expect(await program.redis.lRange(queue, 0, -1)).toEqual(model);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a reply queue', () => {
  it('delivers an answer the allowed number of times, failed attempts not counted', async () => {
    const programs = new RedisPrograms(connection);
    const entry = { ref: null, data: new Uint8Array(0), source: '2', schema: null, now: 0, error: null };
    const answer = () =>
      programs.deliverReply({ queue: 'answers', entry, fingerprint: 'the same', times: 2, seconds: 60 });
    await program.redis.set('answers', 'no list');
    await expect(answer()).rejects.toThrow("the Redis key 'answers' is not a list: delete that key");
    await program.redis.del('answers');
    expect([await answer(), await answer(), await answer()]).toEqual([true, true, false]);
    expect(await program.redis.lLen('answers')).toBe(2);
  });
});

describe('a peer', () => {
  let network: Network;
  let caller: PeerRig;
  let callee: PeerRig;
  let beside: Program;
  beforeAll(async () => {
    network = await startNetwork();
    [caller, callee] = await Promise.all([startPeerRig(network, 1), startPeerRig(network, 2)]);
    beside = await openProgram(callee.redisUrl);
  });
  afterAll(async () => {
    for (const each of [beside, caller, callee, network]) await each[Symbol.asyncDispose]();
  });

  it('answers at once that a queue is full, and serves other commands', async () => {
    await beside.redis.lPush('msgbus.test.full', Array(10_000).fill('{}'));
    await caller.request(localRequest({ cmd: 'test.full' }));
    expect((await caller.reply('replies')).err).toMatchObject({
      code: 500,
      message: expect.stringContaining("the queue of 'test.full' is full"),
    });
    expect(await beside.redis.lLen('msgbus.test.full')).toBe(10_000);
    await caller.request(localRequest({ cmd: 'test.other' }));
    const { ref, src } = JSON.parse((await callee.take('msgbus.test.other')) ?? '{}');
    await callee.respond({ ver: 1, ref, dst: src, dat: '', now: 0 });
    expect(await caller.reply('replies')).toMatchObject({ src: '2', err: null });
    expect([callee.counted.get('command-refused'), callee.counted.get('command-delivered')]).toEqual([1, 1]);
  });

  it('answers that a command’s key is not a queue', async () => {
    await beside.redis.set('msgbus.test.text', 'x');
    await caller.request(localRequest({ cmd: 'test.text' }));
    expect((await caller.reply('replies')).err?.message).toBe(
      "the queue of 'test.text' takes nothing: the Redis key 'msgbus.test.text' is not a list: delete that key, or name another list",
    );
  });

  it('puts a malformed entry aside with the reason', async () => {
    await using program = await openProgram(caller.redisUrl);
    await caller.request('{');
    await caller.respond({ ver: 1, ref: 'r', dat: '*', dst: '2', now: 0 });
    await caller.request(localRequest({ dat: '***', ret: 'told' }));
    const malformed = () => program.redis.lLen('msgbus.system.malformed');
    await until('three malformed entries', async () => (await malformed()) === 3);
    const aside = (await program.redis.lRange('msgbus.system.malformed', 0, -1)).map((text) => JSON.parse(text));
    const requests = aside.filter(({ queue }) => queue === 'msgbus.system.local').map(({ reason }) => reason);
    expect(requests.sort()).toEqual(['invalid message: not JSON', 'invalid payload: dat is not base64']);
    expect(aside.find(({ queue }) => queue === 'msgbus.system.reply')).toMatchObject({
      reason: 'invalid payload: dat is not base64',
      entry: expect.stringContaining('"ref":"r"'),
    });
    expect((await caller.reply('told')).err?.code).toBe(101);
    const taken = () => program.redis.exists(['msgbus.system.v2.local.claimed', 'msgbus.system.v2.reply.claimed']);
    await until('nothing to be in hand', async () => (await taken()) === 0);
    await program.redis.lPush('msgbus.system.malformed', Array(1_500).fill('old'));
    await caller.request('['.repeat(100_000));
    await until('the malformed entries to be cut', async () => (await malformed()) === 1_000);
    const [newest = ''] = await program.redis.lRange('msgbus.system.malformed', 0, 0);
    expect(JSON.parse(newest).entry).toHaveLength(16_384);
  });

  it('continues when a reply’s queue is not a list', async () => {
    await using program = await openProgram(caller.redisUrl);
    await program.redis.set('text', 'x');
    await caller.request(localRequest({ dst: [999_999], ret: 'text' }));
    await caller.request(localRequest({ dst: [999_999], ret: 'list' }));
    expect((await caller.reply('list')).err?.code).toBe(103);
    await settled(program);
  });

  it('logs once that ret is not a list, and counts each error that it gives up', async () => {
    await using program = await openProgram(caller.redisUrl);
    await program.redis.set('no-queue', 'x');
    const before = caller.counted.get('entry-lost') ?? 0;
    await caller.request(localRequest({ ref: 'lost', dst: [999_998, 999_999], ret: 'no-queue' }));
    const warnings = () => caller.logged.filter(({ message }) => message.includes("'no-queue'"));
    await until('two lost entries', () => (caller.counted.get('entry-lost') ?? 0) === before + 2);
    await settled(program);
    expect(warnings()).toEqual([
      {
        level: 'warn',
        message: "gave up a reply: the Redis key 'no-queue' is not a list: delete that key, or name another list",
        fields: { uid: expect.stringMatching(/^[0-9a-f-]{36}$/), ref: 'lost' },
      },
    ]);
  });

  it('logs that the malformed entries’ key is not a list', async () => {
    await using program = await openProgram(caller.redisUrl);
    await program.redis.set('msgbus.system.malformed', 'x');
    await caller.request('{');
    const message =
      "gave up a malformed entry: the Redis key 'msgbus.system.malformed' is not a list: delete that key, or name another list";
    await until('the warning', () => caller.logged.find((line) => line.message === message));
    await program.redis.del('msgbus.system.malformed');
  });

  it('logs key, uid and remedy of an answer that ret cannot take', async () => {
    await using program = await openProgram(caller.redisUrl);
    await program.redis.set('no-list', 'x');
    await caller.request(localRequest({ dst: [2], cmd: 'system.x', ret: 'no-list' }));
    const failed = () => caller.logged.find(({ message }) => message.startsWith('failed to deliver a reply'));
    expect(await until('the warning', failed)).toMatchObject({
      message:
        "failed to deliver a reply: the Redis key 'no-list' is not a list: delete that key, or name another list",
      fields: { uid: expect.stringMatching(/^[0-9a-f-]{36}$/), from: 2 },
    });
  });
});
