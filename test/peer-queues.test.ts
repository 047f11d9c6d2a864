import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisConnection } from '../local-peer/redis/connection.ts';
import { type HeldEntry, readField } from '../local-peer/redis/held.ts';
import { RedisPrograms } from '../local-peer/redis/programs.ts';
import { DELIVER, TAKE } from '../local-peer/redis/scripts.ts';
import { TakenQueue } from '../local-peer/redis/taken.ts';
import { startDurableRedis } from './rig/durable-redis.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { localRequest, type PeerRig, startPeerRig } from './rig/peer.ts';
import { openProgram, type Program } from './rig/program.ts';
import { startProxy } from './rig/proxy.ts';
import { type RedisRig, startRedis } from './rig/redis.ts';

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
      const args = [entry, String(seconds), String(now), String(most), String(bytes)];
      return connection.evaluate(DELIVER, [queue, sizes, `msgbus.system.seen.${nth}.${uid}`], args);
    };
    return { queue, sizes, deliver };
  }

  it('takes a uid once, whatever became of its entry', async () => {
    const { queue, deliver } = queueOf(10, 1000);
    expect([await deliver('a', 'x'), await deliver('a', 'x')]).toEqual(['delivered', 'repeated']);
    await program.redis.rPop(queue);
    expect(await deliver('a', 'x')).toBe('repeated');
    expect(await program.redis.lLen(queue)).toBe(0);
  });

  it('makes room by what is over, oldest first, and for nothing else', async () => {
    const { queue, deliver } = queueOf(2, 1000);
    await deliver('a', 'a', { seconds: 10 });
    await deliver('b', 'b', { seconds: 100 });
    expect(await deliver('c', 'c', { now: 1009 })).toBe('full');
    expect(await deliver('c', 'c', { now: 1010 })).toBe('delivered');
    expect(await deliver('d', 'd', { now: 1011 })).toBe('full');
    expect(await program.redis.lRange(queue, 0, -1)).toEqual(['c', 'b']);
  });

  it('ends with its entries’ time; what programs pushed there themselves stays', async () => {
    const ours = queueOf(10, 1000);
    await ours.deliver('a', 'a', { seconds: 50 });
    await ours.deliver('b', 'b', { seconds: 20 });
    expect(await program.redis.ttl(ours.queue)).toBeGreaterThan(40);
    const theirs = queueOf(10, 1000);
    await program.redis.lPush(theirs.queue, 'theirs');
    await theirs.deliver('a', 'a');
    expect(await program.redis.ttl(theirs.queue)).toBe(-1);
    expect(await program.redis.ttl(theirs.sizes)).toBeGreaterThan(0);
    // Between two of ours: the end that the first one set is taken back.
    await program.redis.lPush(ours.queue, 'theirs');
    await ours.deliver('c', 'c');
    expect(await program.redis.ttl(ours.queue)).toBe(-1);
  });

  it('keeps its bounds exactly, and its order, while services take what they want', async () => {
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

describe('entries on their way out of Redis and back', () => {
  it('loses no entry that cannot be taken, as a key has another type than ours', async () => {
    await program.redis.set('requests.taken', 'no hash');
    await program.redis.lPush('requests', 'entry');
    const queue = new TakenQueue(connection, 'requests');
    await expect(all(queue.take(1))).rejects.toThrow('WRONGTYPE');
    const [moving, waiting] = await Promise.all(
      ['requests.moving', 'requests'].map((list) => program.redis.lRange(list, 0, -1)),
    );
    expect([...(moving ?? []), ...(waiting ?? [])]).toEqual(['entry']);
    await program.redis.del('requests.taken');
    expect((await all(queue.take(1))).map((held) => held.read())).toEqual(['entry']);
  });

  it('gives an entry that was waited for at once, under the uid that it has after a crash', async () => {
    const queue = new TakenQueue(connection, 'waited');
    expect(await all(queue.take(4))).toEqual([]);
    const keys = ['moving', 'taken', 'salt'].map((part) => `waited.${part}`);
    const afterCrash = async () => {
      const [moving = '', ...others] = keys;
      const args = ['1000', '0', 'x'.repeat(36), 'next', '', '', ''];
      return connection.evaluate(TAKE, [moving, 'waited', ...others], args);
    };
    const uids = new Set<string>();
    const text = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), fc.constant('the same'));
    await fc.assert(
      fc.asyncProperty(text, async (entry) => {
        await program.redis.lPush('waited', entry);
        await queue.wait();
        const found = await afterCrash();
        const [early, ...others] = await all(queue.take(4));
        expect([found, others]).toEqual([[[early?.read()], [early?.uid]], []]);
        expect(uids.has(early?.uid ?? '')).toBe(false);
        uids.add(early?.uid ?? '');
        await early?.end();
      }),
      { numRuns: 50, examples: [['the same'], ['the same'], ['\u{1F600}é\0']] },
    );
    queue.stop();
  });

  it('counts the time of one that was waited for before a crash from then, and of others from now', async () => {
    await program.redis.lPush('late', 'queued');
    await program.redis.lPush('late.moving', 'moved');
    await program.redis.set('late.salt', `${Date.parse('2026-01-02T03:04:05Z') * 1000}.salt`);
    const before = Math.floor(Date.now() / 1000);
    const [moved, queued] = await all(new TakenQueue(connection, 'late').take(4));
    expect([moved?.read(), moved?.takenAt]).toEqual(['moved', Date.parse('2026-01-02T03:04:05Z') / 1000]);
    expect(queued?.read()).toBe('queued');
    expect(queued?.takenAt).toBeGreaterThanOrEqual(before);
    await Promise.all([moved?.end(), queued?.end()]);
    expect(await program.redis.exists('late.taken')).toBe(0);
  });

  it('takes an entry that was waited for as it leaves, and what came before it under uids of their own', async () => {
    const queue = new TakenQueue(connection, 'left behind');
    expect(await all(queue.take(4))).toEqual([]);
    await program.redis.lPush('left behind', 'new');
    await queue.wait();
    await program.redis.rPush('left behind.moving', 'old');
    const [first, second, ...others] = await all(queue.take(4));
    expect([first?.read(), second?.read(), others]).toEqual(['new', 'old', []]);
    const fields = await program.redis.hGetAll('left behind.taken');
    const texts = new Map(Object.entries(fields).map(([field, value]) => [readField(field)?.uid, value]));
    expect(texts).toEqual(
      new Map([
        [first?.uid, 'new'],
        [second?.uid, 'old'],
      ]),
    );
    await Promise.all([first?.end(), second?.end()]);
    expect(await program.redis.exists(['left behind.taken', 'left behind.moving'])).toBe(0);
  });

  it('forgets an entry that was dealt with at once where it lies, and only that one', async () => {
    const queue = new TakenQueue(connection, 'left');
    const [moving, taken] = ['left.moving', 'left.taken'];
    expect(await all(queue.take(4))).toEqual([]);
    await program.redis.lPush('left', 'first');
    await queue.wait();
    // One of before a crash, and one that came meanwhile, are taken as ever.
    await program.redis.rPush(moving, 'before');
    await program.redis.lPush('left', 'meanwhile');
    expect((await endEach(queue.take(4), 1)).map((held) => held.read())).toEqual(['first', 'before', 'meanwhile']);
    expect(Object.values(await program.redis.hGetAll(taken)).sort()).toEqual(['before', 'meanwhile']);
    expect(await program.redis.exists([moving, 'left'])).toBe(0);
    // One that cannot be named by its text goes by the hash.
    for (const odd of ['x'.repeat(5_000), Buffer.from([0x61, 0xff])]) {
      await program.redis.lPush('left', odd);
      await queue.wait();
      expect((await endEach(queue.take(4), 1)).map(({ size }) => size)).toEqual([odd.length]);
    }
    expect(await program.redis.hLen(taken)).toBe(2);
    expect(await program.redis.exists(moving)).toBe(0);
  });

  it('gives each entry once, under a uid of its own, however it comes and is waited for', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('push' as const), count: fc.integer({ min: 1, max: 9 }) }),
      fc.record({ kind: fc.constant('take' as const), count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant('wait' as const), count: fc.constant(0) }),
    );
    let runs = 0;
    const steps = fc.array(step, { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(steps, fc.infiniteStream(fc.boolean()), async (all, isDealtWith) => {
        runs += 1;
        const name = `once.${runs}`;
        const queue = new TakenQueue(connection, name);
        const [pushed, got]: [string[], string[]] = [[], []];
        const uids = new Set<string>();
        let isWaitedFor = false;
        const take = async (most: number) => {
          isWaitedFor = true;
          const ends: Promise<void>[] = [];
          for await (const held of queue.take(most)) {
            got.push(held.read());
            uids.add(held.uid);
            if (isDealtWith.next().value === true) ends.push(held.end());
          }
          await Promise.all(ends);
        };
        for (const { kind, count } of all) {
          // With nothing there, and somebody waiting for it already, both would only wait.
          const isIdle = isWaitedFor && got.length === pushed.length;
          if (kind === 'take' && !isIdle) await take(count);
          if (kind === 'wait' && isWaitedFor && !isIdle) {
            await queue.wait();
            isWaitedFor = false;
          }
          for (let n = 0; kind === 'push' && n < count; n += 1) {
            // Programs may write the same twice.
            const entry = String(pushed.length >> 1);
            pushed.push(entry);
            await program.redis.lPush(name, entry);
          }
        }
        while (got.length < pushed.length) await take(32);
        expect(got).toEqual(pushed);
        expect(uids.size).toBe(pushed.length);
        queue.stop();
      }),
      { numRuns: 60 },
    );
  });

  it('takes an entry once, though Redis has forgotten the script behind which another was moved', async () => {
    const queue = new TakenQueue(connection, 'forgotten');
    expect(await all(queue.take(4))).toEqual([]);
    await program.redis.lPush('forgotten', 'a');
    await queue.wait();
    // It is moved behind the take that fails, before the one that is given instead.
    await program.redis.lPush('forgotten', 'b');
    await program.redis.scriptFlush();
    expect((await all(queue.take(4))).map((held) => held.read())).toEqual(['a', 'b']);
    await queue.wait();
    expect(await all(queue.take(4))).toEqual([]);
    expect(Object.values(await program.redis.hGetAll('forgotten.taken')).sort()).toEqual(['a', 'b']);
  });

  it('gives two that are the same uids of their own, though both were moved between two takes', async () => {
    const queue = new TakenQueue(connection, 'same');
    expect(await all(queue.take(4))).toEqual([]);
    await program.redis.lPush('same', 'same');
    await queue.wait();
    // The take that is behind the first is forgotten: the second is moved before the first is taken.
    await program.redis.lPush('same', 'same');
    await program.redis.scriptFlush();
    const [first, second, ...others] = await all(queue.take(4));
    expect([first?.read(), second?.read(), others]).toEqual(['same', 'same', []]);
    expect(second?.uid).not.toBe(first?.uid);
    queue.stop();
  });

  it('gives an entry without any character once', async () => {
    const queue = new TakenQueue(connection, 'empty');
    expect(await all(queue.take(4))).toEqual([]);
    await program.redis.lPush('empty', '');
    await queue.wait();
    const found = await all(queue.take(4));
    expect(found.map((held) => held.read())).toEqual(['']);
    await found[0]?.end();
    expect(await program.redis.exists(['empty.taken', 'empty.moving'])).toBe(0);
    queue.stop();
  });

  it('forgets an entry that was dealt with once, though the answer to that was lost, and the next is the same', async () => {
    await using proxy = await startProxy({ port: Number(new URL(redis.url).port) });
    const url = new URL(redis.url);
    url.port = String(proxy.port);
    const through = new RedisConnection(url.href, silent, () => undefined);
    const queue = new TakenQueue(through, 'lost');
    expect(await all(queue.take(4))).toEqual([]);
    await program.redis.lPush('lost', 'same');
    await queue.wait();
    const passed = proxy.stopAt('up', (chunk) => chunk.includes('lost.salt'), true);
    const ending = endEach(queue.take(4), 1);
    ending.catch(() => undefined);
    await passed;
    // The first is forgotten, then the second is moved; nobody hears of it.
    await expect.poll(() => program.redis.exists('lost.moving')).toBe(0);
    await program.redis.lPush('lost', 'same');
    await expect.poll(() => program.redis.exists('lost.moving')).toBe(1);
    proxy.restore();
    proxy.cut();
    await expect(ending).rejects.toThrow();
    const found = [...(await all(queue.leftovers())), ...(await all(queue.take(4)))];
    expect(found.map((held) => held.read())).toEqual(['same']);
    queue.stop();
    through.close();
  });

  it('takes what lies there though memory is full: that may be what fills it', async () => {
    await using full = await startDurableRedis();
    await using filler = await openProgram(full.url);
    const there = new RedisConnection(full.url, silent, () => undefined);
    await filler.redis.lPush('full', 'entry');
    await filler.redis.configSet('maxmemory', '1');
    const queue = new TakenQueue(there, 'full');
    expect((await all(queue.take(4))).map((held) => held.read())).toEqual(['entry']);
    there.close();
  });

  it('gives an entry the same uid again, when Redis refuses to take it as it left', async () => {
    const flags = ['--user', 'peer', 'on', '>pass-word', '~*', '+@all', '-lrem'];
    await using strict = await startDurableRedis(flags);
    await using there = await openProgram(strict.url);
    const refused = new RedisConnection(strict.url.replace('//', '//peer:pass-word@'), silent, () => undefined);
    const queue = new TakenQueue(refused, 'strict');
    // Behind a script that Redis does not know yet nothing leaves before it is taken.
    await there.redis.scriptLoad(TAKE.text);
    expect(await all(queue.take(4))).toEqual([]);
    await there.redis.lPush('strict', 'entry');
    await queue.wait();
    const uids: string[] = [];
    const take = async () => {
      for await (const held of queue.take(4)) uids.push(held.uid);
    };
    await expect(take()).rejects.toThrow();
    // What waits lets the next take through.
    await there.redis.lPush('strict', 'another');
    await take();
    expect([uids.length, uids[1]]).toEqual([3, uids[0]]);
    refused.close();
  });

  it('gives an answer so many times, and does not count what its program could not get', async () => {
    const programs = new RedisPrograms(connection);
    const entry = { ref: null, data: new Uint8Array(0), source: '2', schema: null, now: 0, error: null };
    const answer = () =>
      programs.deliverAnswer({ queue: 'answers', entry, fingerprint: 'the same', times: 2, seconds: 60 });
    await program.redis.set('answers', 'no list');
    await expect(answer()).rejects.toThrow('WRONGTYPE');
    await program.redis.del('answers');
    expect([await answer(), await answer(), await answer()]).toEqual([true, true, false]);
    expect(await program.redis.lLen('answers')).toBe(2);
  });
});

/** What a queue gives. */
async function all(entries: AsyncIterable<HeldEntry>): Promise<HeldEntry[]> {
  const found: HeldEntry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

/** The same; the first so many are dealt with at once. */
async function endEach(entries: AsyncIterable<HeldEntry>, count: number): Promise<HeldEntry[]> {
  const found: HeldEntry[] = [];
  const ends: Promise<void>[] = [];
  for await (const entry of entries) {
    if (found.push(entry) <= count) ends.push(entry.end());
  }
  await Promise.all(ends);
  return found;
}

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

  it('tells a caller at once that a queue is full, and serves other commands', async () => {
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

  it('tells a caller that a command’s key is no queue', async () => {
    await beside.redis.set('msgbus.test.text', 'x');
    await caller.request(localRequest({ cmd: 'test.text' }));
    expect((await caller.reply('replies')).err?.message).toContain("the queue of 'test.text' takes nothing");
  });

  it('puts aside what nobody can read, with the reason, and keeps nothing of it in hand', async () => {
    await using program = await openProgram(caller.redisUrl);
    await caller.request('{');
    await caller.respond({ ver: 1, ref: 'r', dat: '*', dst: '2', now: 0 });
    await caller.request(localRequest({ dat: '***', ret: 'told' }));
    await expect.poll(() => program.redis.lLen('msgbus.system.malformed'), { timeout: 20_000 }).toBe(3);
    const aside = (await program.redis.lRange('msgbus.system.malformed', 0, -1)).map((text) => JSON.parse(text));
    const requests = aside.filter(({ queue }) => queue === 'msgbus.system.local').map(({ reason }) => reason);
    expect(requests.sort()).toEqual(['invalid message: not JSON', 'invalid payload: dat is not base64']);
    expect(aside.find(({ queue }) => queue === 'msgbus.system.reply')).toMatchObject({
      reason: 'invalid payload: dat is not base64',
      entry: expect.stringContaining('"ref":"r"'),
    });
    expect((await caller.reply('told')).err?.code).toBe(101);
    const taken = () => program.redis.exists(['msgbus.system.local.taken', 'msgbus.system.reply.taken']);
    await expect.poll(taken, { timeout: 20_000 }).toBe(0);
    await program.redis.lPush('msgbus.system.malformed', Array(1_500).fill('old'));
    await caller.request('['.repeat(100_000));
    await expect.poll(() => program.redis.lLen('msgbus.system.malformed'), { timeout: 20_000 }).toBe(1_000);
    const [newest = ''] = await program.redis.lRange('msgbus.system.malformed', 0, 0);
    expect(JSON.parse(newest).entry).toHaveLength(16_384);
  });

  it('goes on when a reply’s queue is no list', async () => {
    await using program = await openProgram(caller.redisUrl);
    await program.redis.set('text', 'x');
    await caller.request(localRequest({ dst: [999_999], ret: 'text' }));
    await caller.request(localRequest({ dst: [999_999], ret: 'list' }));
    expect((await caller.reply('list')).err?.code).toBe(103);
    await expect.poll(() => program.redis.exists('msgbus.system.local.taken'), { timeout: 20_000 }).toBe(0);
  });
});
