import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisConnection } from '../local-peer/redis/connection.ts';
import { type HeldEntry, readField } from '../local-peer/redis/held.ts';
import { TAKE } from '../local-peer/redis/scripts.ts';
import { TakenQueue } from '../local-peer/redis/taken.ts';
import { startDurableRedis } from './rig/durable-redis.ts';
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

  it('keeps the uid of an entry while the ACL refuses to take it as it left', async () => {
    const flags = ['--user', 'peer', 'on', '>pass-word', '~*', '+@all', '-lrem'];
    await using strict = await startDurableRedis(flags);
    await using there = await openProgram(strict.url);
    const refused = Promise.withResolvers<void>();
    const look = ({ detail }: { detail: string }) => detail.includes('NOPERM') && refused.resolve();
    const url = strict.url.replace('//', '//peer:pass-word@');
    const redisOfPeer = new RedisConnection(url, silent, look);
    const queue = new TakenQueue(redisOfPeer, 'strict');
    // Behind a script that Redis does not know yet nothing leaves before it is taken.
    await there.redis.scriptLoad(TAKE.text);
    expect(await all(queue.take(4))).toEqual([]);
    await there.redis.lPush('strict', 'entry');
    await queue.wait();
    const uids: string[] = [];
    const take = async () => {
      for await (const held of queue.take(4)) uids.push(held.uid);
    };
    const taking = expect(take()).rejects.toThrow();
    await refused.promise;
    await there.redis.sendCommand(['ACL', 'SETUSER', 'peer', '+lrem']);
    await taking;
    const fields = Object.keys(await there.redis.hGetAll('strict.taken'));
    expect(fields.map((field) => readField(field)?.uid)).toEqual(uids);
    redisOfPeer.close();
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
