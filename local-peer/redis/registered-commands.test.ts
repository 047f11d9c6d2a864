import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openProgram, type Program } from '../../test/rig/redis/program.ts';
import { startRedis } from '../../test/rig/redis/redis.ts';
import type { RedisRig } from '../../test/rig/redis/shared-redis.ts';
import { RedisConnection } from './connection/connection.ts';
import { readRegistration, registeredCommands } from './registered-commands.ts';

const KEY = 'msgbus.system.commands';
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let redis: RedisRig;
let connection: RedisConnection;
let program: Program;
beforeAll(async () => {
  redis = await startRedis();
  connection = new RedisConnection(redis.url, silent, () => undefined);
  program = await openProgram(redis.url);
});
beforeEach(() => program.redis.del(KEY));
afterAll(async () => {
  connection.close();
  await program[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const now = () => Math.floor(Date.now() / 1000);
const registration = (fields: object) => JSON.stringify({ ver: 1, ...fields });
const register = (fields: object, seconds = 3_600) =>
  program.redis.zAdd(KEY, { score: now() + seconds, value: registration(fields) });

describe('the commands of services in Redis', () => {
  it('are those of registrations that have not ended; ended ones are removed', async () => {
    await register({ name: 'my.upper', summary: 'capitals', in: { type: 'string' }, stream: true });
    await register({ name: 'my.gone' }, -1);
    expect(await registeredCommands(connection)).toEqual([
      { name: 'my.upper', summary: 'capitals', in: { type: 'string' }, stream: true },
    ]);
    expect(await program.redis.zCard(KEY)).toBe(1);
  });

  it('are listed once each, as the registration has it that ends last', async () => {
    await register({ name: 'my.upper', summary: 'old' }, 1_000);
    await register({ name: 'my.upper', summary: 'new' }, 2_000);
    expect(await registeredCommands(connection)).toEqual([{ name: 'my.upper', summary: 'new' }]);
  });

  it('do not include one that would end in more than a day, as milliseconds would', async () => {
    await register({ name: 'my.day' }, 86_390);
    await program.redis.zAdd(KEY, { score: Date.now(), value: registration({ name: 'my.ms' }) });
    expect(await registeredCommands(connection)).toEqual([{ name: 'my.day' }]);
  });

  it('are none without the key, and when it is another kind of key', async () => {
    expect(await registeredCommands(connection)).toEqual([]);
    await program.redis.set(KEY, 'text');
    expect(await registeredCommands(connection)).toEqual([]);
  });

  it('cannot be read while Redis is away', async () => {
    const lost = new RedisConnection('redis://127.0.0.1:1', silent, () => undefined);
    try {
      await expect(registeredCommands(lost)).rejects.toThrow(
        'the list of commands cannot be read here now: try again later',
      );
    } finally {
      lost.close();
    }
  });
});

describe('a registration', () => {
  it.each([
    ['no JSON', 'my.upper'],
    ['no version', '{"name":"my.upper"}'],
    ['a later version', '{"ver":2,"name":"my.upper"}'],
    ['no name', '{"ver":1}'],
    ['null', 'null'],
    ['a length of 16 KiB', registration({ name: 'my.upper', other: 'x'.repeat(16_384) })],
  ])('with %s is ignored', (_, text) => {
    expect(readRegistration(text)).toBeUndefined();
  });
});
