import { createClient } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RedisServer, startRedisServer } from '../../../test/rig/redis/redis.ts';
import { KEYS } from '../../redis/queues.ts';
import { type DoctorRedis, hasSeen, lookAtRedis, openRedis, readInfo } from './look-at-redis.ts';

const PASSWORD = 'a-password-of-this-test';

let redis: RedisServer;
let client: DoctorRedis;
let program: ReturnType<typeof createClient>;
beforeAll(async () => {
  redis = await startRedisServer({ flags: ['--requirepass', PASSWORD] });
  const url = redis.url.replace('redis://', `redis://:${PASSWORD}@`);
  const opened = await openRedis(url);
  if (!opened.ok) throw new Error(opened.error.detail);
  client = opened.value;
  program = createClient({ url });
  await program.connect();
});
afterAll(async () => {
  client.destroy();
  program.destroy();
  await redis.close();
});
beforeEach(async () => void (await program.flushDb()));

describe('openRedis', () => {
  it.each([
    ['no password', 'redis://'],
    ['another password', 'redis://:wrong@'],
  ])('finds at once that Redis refuses %s', async (_, start) => {
    const opened = await openRedis(redis.url.replace('redis://', start));
    if (opened.ok) throw new Error('Redis accepts it');
    expect(opened.error.detail).toMatch(/^(NOAUTH|WRONGPASS): /);
    expect(opened.error.next).not.toBe(undefined);
  });

  it('reports that nothing listens', async () => {
    const opened = await openRedis('redis://127.0.0.1:1');
    expect(opened).toMatchObject({
      ok: false,
      error: { detail: expect.stringContaining('ECONNREFUSED'), next: undefined },
    });
  });
});

describe('lookAtRedis', () => {
  it('finds the queues of services, not those of the peer', async () => {
    await program.rPush('msgbus.my.command', ['a', 'b']);
    await program.rPush('msgbus.system.local', 'a');
    await program.rPush('other.list', 'a');
    await program.set('msgbus.text', 'a');
    const { queues, info, writeFault } = await lookAtRedis(client);
    expect(queues).toEqual(new Map([['msgbus.my.command', 2]]));
    expect(writeFault).toBeUndefined();
    expect(info).toMatchObject({ policy: 'noeviction', isCluster: false });
  });

  it('leaves nothing behind', async () => {
    await lookAtRedis(client);
    expect(await program.dbSize()).toBe(0);
  });

  it('reports a Redis that takes no writes', async () => {
    await program.configSet('maxmemory', '1');
    const { writeFault } = await lookAtRedis(client).finally(() => program.configSet('maxmemory', '0'));
    expect(writeFault?.detail).toMatch(/^OOM: /);
  });
});

describe('hasSeen', () => {
  it('finds the mark of a peer that answered a request', async () => {
    await program.set(KEYS.seen('plugin.7.uid-1'), '1');
    expect([await hasSeen(client, 7, 'uid-1'), await hasSeen(client, 8, 'uid-1')]).toEqual([true, false]);
  });
});

describe('readInfo', () => {
  it('reads the fields of a Valkey, between comments', () => {
    const text =
      '# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.0.1\r\n# Memory\r\nused_memory:10\r\nmaxmemory:20\r\n';
    const more = 'maxmemory_policy:allkeys-lru\r\ncluster_enabled:1\r\n';
    expect(readInfo(text + more)).toEqual({
      version: '7.2.4',
      valkey: '8.0.1',
      policy: 'allkeys-lru',
      used: 10,
      limit: 20,
      isCluster: true,
    });
  });

  it('takes a Redis that tells no policy for one without a limit', () => {
    const expected = { version: 'unknown', policy: 'noeviction', used: 0, limit: 0, isCluster: false };
    expect(readInfo('')).toEqual(expected);
  });
});
