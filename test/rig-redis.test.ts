import { createClient } from 'redis';
import { expect, it } from 'vitest';
import { startRedis } from './rig/redis.ts';

it('with REDIS_URL each rig has an empty database of that Redis, and leaves it empty', async () => {
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

it('a REDIS_URL that points nowhere is an error that names it, not a wait', async () => {
  await expect(startRedis('redis://127.0.0.1:9')).rejects.toThrow('REDIS_URL: no Redis at 127.0.0.1:9');
});
