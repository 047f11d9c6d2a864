import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClaimedEntry } from '../../../local-peer/redis/claim/claimed-entry.ts';
import { ClaimedQueue } from '../../../local-peer/redis/claim/claimed-queue.ts';
import { RedisConnection } from '../../../local-peer/redis/connection/connection.ts';
import { openProgram, type Program } from '../../rig/redis/program.ts';
import { startRedis, startRedisServer } from '../../rig/redis/redis.ts';
import { copyRedis } from '../../rig/redis/redis-copy.ts';
import type { RedisRig } from '../../rig/redis/shared-redis.ts';
import { startProxy } from '../../rig/relay/proxy.ts';

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

const hashOf = (name: string) => `msgbus.system.v2.${name}.claimed`;

/** A queue, and what it logs and counts. */
function open(name: string, through = connection) {
  const [warned, counted]: [string[], string[]] = [[], []];
  const log = { ...silent, warn: (_: object, message: string) => void warned.push(message) };
  const queue = new ClaimedQueue(through, name, { log, count: (event) => void counted.push(event) });
  return { queue, warned, counted };
}

describe('a claim', () => {
  it('gives entries, oldest first, under uids that Redis stores', async () => {
    const { queue } = open('many');
    await program.redis.lPush('many', ['a', 'b', 'c', 'd', 'e', 'f']);
    const found = [...(await all(queue.claim(32))), ...(await all(queue.claim(32)))];
    expect(found.map((entry) => entry.read())).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    const fields = Object.keys(await program.redis.hGetAll(hashOf('many'))).sort();
    expect(fields.map((field) => field.slice(17))).toEqual(found.map(({ uid }) => uid));
    for (const entry of found) await entry.end();
    expect(await program.redis.exists([hashOf('many'), 'many'])).toBe(0);
    queue.stop();
  });

  it('leaves an entry in its queue while the hash has another type', async () => {
    await program.redis.set(hashOf('odd'), 'no hash');
    await program.redis.lPush('odd', ['first', 'second']);
    const { queue } = open('odd');
    await expect(all(queue.claim(4))).rejects.toThrow('WRONGTYPE');
    expect(await program.redis.lRange('odd', 0, -1)).toEqual(['second', 'first']);
    await program.redis.del(hashOf('odd'));
    expect((await all(queue.claim(4))).map((entry) => entry.read())).toEqual(['first', 'second']);
    queue.stop();
  });

  it('gives each entry once, under a uid of its own', async () => {
    const step = fc.record({ isPush: fc.boolean(), count: fc.integer({ min: 1, max: 9 }) });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
        runs += 1;
        const name = `once.${runs}`;
        const { queue } = open(name);
        const [pushed, got]: [string[], string[]] = [[], []];
        const uids = new Set<string>();
        // This claim waits before any entry arrives.
        let next = all(queue.claim(1));
        next.catch(() => undefined);
        const claim = async (most: number) => {
          const found = await next;
          for (const entry of found) {
            got.push(entry.read());
            uids.add(entry.uid);
          }
          next = all(queue.claim(most));
          // No entry comes for the last claim.
          next.catch(() => undefined);
        };
        for (const { isPush, count } of steps) {
          for (let n = 0; isPush && n < count; n += 1) {
            // Programs may write the same twice.
            const entry = String(pushed.length >> 1);
            pushed.push(entry);
            await program.redis.lPush(name, entry);
          }
          if (!isPush && got.length < pushed.length) await claim(count);
        }
        while (got.length < pushed.length) await claim(32);
        expect(got).toEqual(pushed);
        expect(uids.size).toBe(pushed.length);
        queue.stop();
      }),
      { numRuns: 60 },
    );
  });

  it('gives an entry once when Redis has forgotten the script', async () => {
    const { queue } = open('forgotten');
    const waiting = all(queue.claim(4));
    await program.redis.scriptFlush();
    await program.redis.lPush('forgotten', 'a');
    expect((await waiting).map((entry) => entry.read())).toEqual(['a']);
    await program.redis.lPush('forgotten', 'b');
    expect((await all(queue.claim(4))).map((entry) => entry.read())).toEqual(['b']);
    queue.stop();
  });

  it('gives and settles entries that are empty, long, or not UTF-8', async () => {
    const { queue } = open('odd texts');
    for (const odd of ['', 'x'.repeat(5_000), Buffer.from([0x61, 0xff])]) {
      await program.redis.lPush('odd texts', odd);
      const found = await all(queue.claim(4));
      expect(found.map(({ size }) => size)).toEqual([odd.length]);
      await found[0]?.end();
    }
    expect(await program.redis.exists(hashOf('odd texts'))).toBe(0);
    queue.stop();
  });

  it('gives its entries once as leftovers when its answer was lost', async () => {
    const url = new URL(redis.url);
    await using proxy = await startProxy({ port: Number(url.port) });
    url.port = String(proxy.port);
    const through = new RedisConnection(url.href, silent, () => undefined);
    const { queue } = open('lost', through);
    expect(await all(queue.leftovers())).toEqual([]);
    const passed = proxy.stopAt('down', (chunk) => chunk.includes('entry'), false);
    const claiming = all(queue.claim(4));
    claiming.catch(() => undefined);
    await program.redis.lPush('lost', 'entry');
    await passed;
    proxy.restore();
    proxy.cut();
    await expect(claiming).rejects.toThrow();
    await program.redis.lPush('lost', 'entry');
    const found = [...(await all(queue.leftovers())), ...(await all(queue.claim(4)))];
    expect(found.map((entry) => entry.read())).toEqual(['entry', 'entry']);
    expect(Object.keys(await program.redis.hGetAll(hashOf('lost'))).sort()).toEqual(
      found.map(({ uid }) => expect.stringContaining(uid)),
    );
    queue.stop();
    through.close();
  });

  it('of a lost connection takes nothing after the next one', async () => {
    const [gone, next] = [open('stale'), open('stale')];
    const claims = [gone, next].map(({ queue }) => all(queue.claim(4)));
    await program.redis.lPush('stale', ['a', 'b', 'c', 'd', 'e']);
    const found = await Promise.all(claims);
    // The other one finds them in the hash, as after a lost answer.
    const uids = found.map((entries) => entries.map(({ uid }) => uid));
    expect(uids[0]).toHaveLength(4);
    expect(uids[1]).toEqual(uids[0]);
    expect(await program.redis.lLen('stale')).toBe(1);
    for (const { queue } of [gone, next]) queue.stop();
  });

  it('succeeds in a Redis whose memory is full', async () => {
    await using full = await startRedisServer();
    await using filler = await openProgram(full.url);
    const there = new RedisConnection(full.url, silent, () => undefined);
    await filler.redis.lPush('full', 'entry');
    await filler.redis.configSet('maxmemory', '1');
    const { queue } = open('full', there);
    const found: string[] = [];
    const claim = async () => {
      for await (const entry of queue.claim(4)) found.push(entry.read());
    };
    // Redis refuses to wait: the next attempt must not follow at once.
    await expect(claim()).rejects.toThrow('OOM');
    expect(found).toEqual(['entry']);
    there.close();
  });
});

describe('a Redis that has changed behind the peer', () => {
  it('gives an entry after FLUSHALL a new uid although its text was there before', async () => {
    const { queue, warned } = open('flushed');
    expect(await all(queue.leftovers())).toEqual([]);
    await program.redis.lPush('flushed', 'same');
    const [before] = await all(queue.claim(4));
    await program.redis.flushAll();
    await program.redis.lPush('flushed', 'same');
    expect(await all(queue.claim(4))).toEqual([]);
    const [after, ...others] = await all(queue.claim(4));
    expect([after?.read(), others]).toEqual(['same', []]);
    expect(after?.uid).not.toBe(before?.uid);
    expect(warned).toEqual([expect.stringContaining('is gone')]);
    queue.stop();
  });

  it('restores from an older copy each claimed entry under its uid, unless it is settled', async () => {
    const { queue, warned, counted } = open('older');
    await program.redis.lPush('older', ['first', 'settled', 'open']);
    const [first] = await all(queue.claim(1));
    const copy = await copyRedis(program);
    const [settled, inHands] = await all(queue.claim(2));
    await Promise.all([first?.end(), settled?.end()]);
    await copy.restoreAll();
    await program.redis.lPush('older', ['new', 'open']);
    expect(await all(queue.claim(4))).toEqual([]);
    const fields = await program.redis.hGetAll(hashOf('older'));
    expect(Object.entries(fields)).toEqual([[expect.stringContaining(inHands?.uid ?? ''), 'open']]);
    // A program may write the same again.
    const found = await all(queue.claim(4));
    expect(found.map((entry) => entry.read())).toEqual(['new', 'open']);
    expect(found[1]?.uid).not.toBe(inHands?.uid);
    expect(warned).toEqual([expect.stringContaining('keep their uids'), expect.stringContaining('had settled')]);
    expect(counted).toEqual(['entry-restored', 'entry-restored']);
    queue.stop();
  });
});

/** Returns all entries that a queue gives. */
async function all(entries: AsyncIterable<ClaimedEntry>): Promise<ClaimedEntry[]> {
  const found: ClaimedEntry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}
