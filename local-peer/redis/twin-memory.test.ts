import { afterAll, beforeAll, expect, it } from 'vitest';
import { openProgram, type Program } from '../../test/rig/redis/program.ts';
import { startRedis } from '../../test/rig/redis/redis.ts';
import type { RedisRig } from '../../test/rig/redis/shared-redis.ts';
import { RedisConnection } from './connection/connection.ts';
import { RedisTwinMemory } from './twin-memory.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const CHAINS = ['wss://a.example/key', 'wss://b.example'];
const DAY = 86_400;
const account = new Uint8Array(32).fill(0xab);
const twin = { id: 7, account, relay: 'relay.example', pk: new Uint8Array([2, 255, 0]) };

let redis: RedisRig;
let connection: RedisConnection;
let program: Program;
beforeAll(async () => {
  redis = await startRedis();
  connection = await openConnection(redis.url);
  program = await openProgram(redis.url);
});
afterAll(async () => {
  connection.close();
  await program[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

/** Resolves with a connection once its Redis is up. */
async function openConnection(url: string): Promise<RedisConnection> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const opened = new RedisConnection(url, silent, ({ isUp }) => isUp && resolve());
  await promise;
  return opened;
}

/** Commands of one connection are answered in order: a write that nobody awaits is done after this. */
const written = () => connection.run((client) => client.ping());

it('finds a twin as it was saved', async () => {
  const memory = new RedisTwinMemory(connection, CHAINS);
  memory.save(twin);
  memory.save({ id: 8, account, relay: null, pk: null });
  expect(await memory.find(7)).toEqual(twin);
  expect(await memory.find(8)).toEqual({ id: 8, account, relay: null, pk: null });
  expect(await memory.find(9)).toBeUndefined();
});

it('finds the id of an account as it was saved', async () => {
  const memory = new RedisTwinMemory(connection, CHAINS);
  memory.saveOwn(account, 7);
  expect(await memory.findOwn(account)).toBe(7);
  expect(await memory.findOwn(new Uint8Array(32))).toBeUndefined();
});

it('keeps records for 30 days', async () => {
  const memory = new RedisTwinMemory(connection, ['ws://kept.example']);
  memory.save(twin);
  memory.saveOwn(account, 7);
  await written();
  const keys = await program.redis.keys('*kept.example*');
  expect(keys).toHaveLength(2);
  for (const key of keys) {
    const seconds = await program.redis.ttl(key);
    expect(seconds).toBeGreaterThan(29 * DAY);
    expect(seconds).toBeLessThanOrEqual(30 * DAY);
  }
});

it('finds records of the same network by any order, path and credentials of its URLs', async () => {
  new RedisTwinMemory(connection, CHAINS).save(twin);
  const other = new RedisTwinMemory(connection, ['wss://user:pw@b.example', 'wss://a.example/other']);
  expect(await other.find(7)).toEqual(twin);
});

it('finds no record of another network: its twin 7 is somebody else', async () => {
  const memory = new RedisTwinMemory(connection, CHAINS);
  memory.save(twin);
  memory.saveOwn(account, 7);
  await written();
  for (const chains of [['wss://a.example'], ['wss://c.example', 'wss://b.example']]) {
    const other = new RedisTwinMemory(connection, chains);
    expect(await other.find(7)).toBeUndefined();
    expect(await other.findOwn(account)).toBeUndefined();
  }
});

it('writes no credentials of a URL into a key', async () => {
  new RedisTwinMemory(connection, ['wss://user:S3CRET@a.example/S3CRET']).save(twin);
  await written();
  expect(await program.redis.keys('*S3CRET*')).toEqual([]);
});

it.each([
  'no JSON',
  '{}',
  JSON.stringify({ account: 'ab', relay: null, pk: null }),
  JSON.stringify({ account: 'zz'.repeat(32), relay: null, pk: null }),
  JSON.stringify({ account: 'ab'.repeat(32), relay: 7, pk: null }),
  JSON.stringify({ account: 'ab'.repeat(32), relay: null, pk: 'abc' }),
])('finds no twin in the damaged record %s', async (text) => {
  await program.redis.set('msgbus.system.twin.damaged.example.7', text);
  expect(await new RedisTwinMemory(connection, ['ws://damaged.example']).find(7)).toBeUndefined();
});

it.each(['', '0', '-7', '1.5', 'seven'])('finds no own id in the damaged record %j', async (text) => {
  await program.redis.set(`msgbus.system.own-twin.damaged.example.${'ab'.repeat(32)}`, text);
  expect(await new RedisTwinMemory(connection, ['ws://damaged.example']).findOwn(account)).toBeUndefined();
});

it('finds nothing, and rejects nothing, at a key that is no text', async () => {
  await program.redis.lPush('msgbus.system.twin.list.example.7', 'entry');
  expect(await new RedisTwinMemory(connection, ['ws://list.example']).find(7)).toBeUndefined();
});

it('answers at once while Redis is away', async () => {
  const away = new RedisConnection('redis://127.0.0.1:9', silent, () => undefined);
  const memory = new RedisTwinMemory(away, CHAINS);
  memory.save(twin);
  // An unanswered command would be repeated until the connection closes.
  expect(await Promise.all([memory.find(7), memory.findOwn(account)])).toEqual([undefined, undefined]);
  away.close();
});
