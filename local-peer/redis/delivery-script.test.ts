import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openProgram, type Program } from '../../test/rig/redis/program.ts';
import { startRedis } from '../../test/rig/redis/redis.ts';
import type { RedisRig } from '../../test/rig/redis/shared-redis.ts';
import { RedisConnection } from './connection/connection.ts';
import { DELIVER } from './delivery-script.ts';
import { KEYS, QUEUES } from './queues.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** Unix seconds; the script has no other clock. */
const NOW = 1_000_000;

let redis: RedisRig;
let connection: RedisConnection;
let program: Program;
beforeAll(async () => {
  redis = await startRedis();
  connection = new RedisConnection(redis.url, silent, () => undefined);
  program = await openProgram(redis.url);
});
beforeEach(async () => {
  const keys = await program.redis.keys('msgbus.*');
  if (keys.length > 0) await program.redis.del(keys);
});
afterAll(async () => {
  connection.close();
  await program[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

let nth = 0;
/** Delivers an entry; an absent option is far from every limit. */
function deliver(
  command: string,
  entry: string,
  { twin = 7, seconds = 100, now = NOW, names = [] as string[], most = 100, bytes = 10_000 } = {},
  never = { queues: 20, bytes: 10_000 },
) {
  nth += 1;
  const counts = [KEYS.served, KEYS.neverServed, KEYS.neverServedOf(twin)];
  const seen = [`fresh.${nth}`, ...names].map(KEYS.seen);
  const queue = QUEUES.command(command);
  const keys = [queue, KEYS.sizes(command), ...counts, KEYS.replyList(queue), ...seen];
  const args = [entry, seconds, now, most, bytes, never.queues, never.bytes, twin, command].map(String);
  return connection.evaluate(DELIVER, keys, args);
}
const entriesOf = (command: string) => program.redis.lRange(QUEUES.command(command), 0, -1);
const pop = (command: string) => program.redis.rPop(QUEUES.command(command));
const isServed = async (command: string) => (await program.redis.sIsMember(KEYS.served, command)) === 1;

describe('a queue', () => {
  it('is full from its bytes on, and counts no entry that a service has popped', async () => {
    expect(await deliver('a', 'x'.repeat(6), { bytes: 10 })).toBe('delivered');
    expect(await deliver('a', 'y'.repeat(5), { bytes: 10 })).toBe('full');
    expect(await deliver('a', 'z'.repeat(4), { bytes: 10 })).toBe('delivered');
    await pop('a');
    expect(await deliver('a', 'y'.repeat(7), { bytes: 10 })).toBe('full');
    expect(await deliver('a', 'y'.repeat(6), { bytes: 10 })).toBe('delivered');
  });

  it('keeps its sum of bytes through a refusal', async () => {
    await deliver('a', 'x'.repeat(6), { bytes: 10 });
    for (let n = 0; n < 3; n += 1) expect(await deliver('a', 'y'.repeat(5), { bytes: 10 })).toBe('full');
    expect(await program.redis.lRange(KEYS.sizes('a'), 0, -1)).toEqual(['6', `6 ${NOW + 100}`]);
  });

  it('drops no entry of another program to make room, however old the entries of the peer are', async () => {
    await deliver('a', 'ours', { seconds: 1 });
    await program.redis.lPush(QUEUES.command('a'), 'theirs');
    expect(await deliver('a', 'new', { most: 2, now: NOW + 50 })).toBe('full');
    expect(await entriesOf('a')).toEqual(['theirs', 'ours']);
  });

  it('takes a request under a new name only if all its names are new', async () => {
    await deliver('a', 'x', { names: ['one', 'two'] });
    expect(await deliver('b', 'x', { names: ['three', 'two'] })).toBe('repeated');
    expect(await program.redis.exists([KEYS.seen('three'), QUEUES.command('b')])).toBe(0);
  });

  it('leaves no mark of a refused request: it may come again', async () => {
    await deliver('a', 'x', { most: 1 });
    expect(await deliver('a', 'y', { most: 1, names: ['again'] })).toBe('full');
    await pop('a');
    expect(await deliver('a', 'y', { most: 1, names: ['again'] })).toBe('delivered');
  });

  it('refuses a request for a reply list, and says of a repeat that it is one', async () => {
    await deliver('a', 'x', { names: ['one'] });
    await program.redis.set(KEYS.replyList(QUEUES.command('a')), '');
    expect(await deliver('a', 'x')).toBe('reply-list');
    expect(await deliver('a', 'x', { names: ['one'] })).toBe('repeated');
    expect(await entriesOf('a')).toEqual(['x']);
  });

  it('leaves no key without an expiry while nobody serves it', async () => {
    await deliver('a', 'x', { names: ['one'] });
    const keys = await program.redis.keys('msgbus.*');
    expect(keys.length).toBeGreaterThan(4);
    for (const key of keys) expect([key, await program.redis.ttl(key)]).not.toEqual([key, -1]);
  });
});

describe('a command', () => {
  it('counts as served once a service pops an entry before it expires', async () => {
    await deliver('a', 'x', { seconds: 10 });
    await pop('a');
    expect(await isServed('a')).toBe(false);
    await deliver('a', 'y', { now: NOW + 9 });
    expect(await isServed('a')).toBe(true);
    expect(await program.redis.hExists(KEYS.neverServedOf(7), 'a')).toBe(0);
  });

  it('does not count as served because its entries expired', async () => {
    await deliver('a', 'x', { seconds: 10 });
    await pop('a');
    await deliver('a', 'y', { now: NOW + 10 });
    expect(await isServed('a')).toBe(false);
  });
});

describe('commands that nobody serves', () => {
  const few = { queues: 20, bytes: 1_000 };

  it('have a tenth of all queues for each twin', async () => {
    for (const command of ['a', 'b']) expect(await deliver(command, 'x', {}, few)).toBe('delivered');
    expect(await deliver('c', 'x', {}, few)).toBe('never-served');
    expect(await deliver('c', 'x', { twin: 8 }, few)).toBe('delivered');
    // A known queue takes more.
    expect(await deliver('a', 'x', {}, few)).toBe('delivered');
  });

  it('have a limit for the queues of all twins together', async () => {
    for (let twin = 1; twin <= 10; twin += 1) {
      for (const n of [1, 2]) expect(await deliver(`t${twin}.${n}`, 'x', { twin }, few)).toBe('delivered');
    }
    expect(await deliver('one.more', 'x', { twin: 11 }, few)).toBe('never-served');
    // After the expiry of the counts there is room again.
    expect(await deliver('one.more', 'x', { twin: 11, now: NOW + 100 }, few)).toBe('delivered');
  });

  it('have a tenth of all bytes for each twin, but a first request may be larger', async () => {
    expect(await deliver('a', 'x'.repeat(101), {}, few)).toBe('delivered');
    expect(await deliver('b', 'x', {}, few)).toBe('never-served');
    expect(await deliver('b', 'x'.repeat(900), { twin: 8 }, few)).toBe('never-served');
    expect(await deliver('b', 'x'.repeat(899), { twin: 8 }, few)).toBe('delivered');
  });

  it('make room when a service takes what was counted', async () => {
    for (const command of ['a', 'b']) await deliver(command, 'x', {}, few);
    expect(await deliver('c', 'x', {}, few)).toBe('never-served');
    await pop('a');
    expect(await deliver('c', 'x', {}, few)).toBe('delivered');
  });

  it('make room when their queue and its sizes are deleted', async () => {
    await deliver('a', 'x'.repeat(90), {}, few);
    expect(await deliver('a', 'y'.repeat(90), {}, few)).toBe('never-served');
    await program.redis.del([QUEUES.command('a'), KEYS.sizes('a')]);
    expect(await deliver('a', 'y'.repeat(90), {}, few)).toBe('delivered');
  });

  it('do not limit a command that is served', async () => {
    for (const command of ['a', 'b']) await deliver(command, 'x', {}, few);
    await program.redis.sAdd(KEYS.served, 'c');
    expect(await deliver('c', 'x'.repeat(2_000), {}, few)).toBe('delivered');
  });

  it('leave nothing behind when they are refused', async () => {
    for (const command of ['a', 'b']) await deliver(command, 'x', {}, few);
    const before = (await program.redis.keys('msgbus.*')).sort();
    expect(await deliver('c', 'x', {}, few)).toBe('never-served');
    expect((await program.redis.keys('msgbus.*')).sort()).toEqual(before);
  });
});
