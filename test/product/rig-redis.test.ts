import { createClient } from 'redis';
import { expect, it } from 'vitest';
import { startRedis } from '../rig/redis/redis.ts';

it('a rig uses an empty database of REDIS_URL and leaves it empty', async () => {
  await using server = await startRedis('');
  const everybody = createClient({ url: `${server.url}/1` });
  await everybody.connect();
  await everybody.set('mine', 'kept');
  {
    await using one = await startRedis(server.url);
    await using two = await startRedis(server.url);
    expect([new URL(one.url).pathname, new URL(two.url).pathname]).toEqual(['/2', '/3']);
    const program = createClient({ url: one.url });
    await program.connect();
    await program.lPush('msgbus.x', 'entry');
    program.destroy();
  }
  expect(await everybody.keys('*')).toEqual(['mine']);
  await everybody.select(2);
  expect(await everybody.dbSize()).toBe(0);
  everybody.destroy();
});

it('a wrong REDIS_URL is an error at once', async () => {
  await expect(startRedis('redis://127.0.0.1:9')).rejects.toThrow('REDIS_URL: no Redis at 127.0.0.1:9');
});
