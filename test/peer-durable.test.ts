import { expect, it } from 'vitest';
import { startDurableRedis } from './rig/durable-redis.ts';
import { startNetwork } from './rig/network.ts';
import { localRequest, startPeerRig } from './rig/peer.ts';
import { openProgram } from './rig/program.ts';
import { startService } from './rig/service.ts';

const REQUESTS = 60;
const KILLS = 3;

/** Redis keeps what it has said yes to (appendfsync always): so then does the peer. */

it('Redis of the caller killed again and again: every request is answered once, the service saw it once', async () => {
  await using network = await startNetwork();
  await using redis = await startDurableRedis();
  await using _ = await startPeerRig(network, 1, { redis: redis.url });
  await using callee = await startPeerRig(network, 2);
  const seen: string[] = [];
  await using _service = await startService(callee.redisUrl, 'test.once', (payload) => {
    seen.push(payload);
    return { dat: payload };
  });
  const all = Array.from({ length: REQUESTS }, (_, n) => `request ${n}`);
  {
    await using program = await openProgram(redis.url);
    for (const each of all) {
      await program.ask(localRequest({ cmd: 'test.once', dat: Buffer.from(each).toString('base64'), ret: 'answers' }));
    }
  }
  for (let kill = 1; kill <= KILLS; kill += 1) {
    // Some are answered, some under way, some not taken yet.
    await expect.poll(() => seen.length, { timeout: 40_000 }).toBeGreaterThanOrEqual((REQUESTS / (KILLS + 1)) * kill);
    await redis.kill();
    await redis.start();
  }
  await using program = await openProgram(redis.url);
  const answers: string[] = [];
  for (const _ of all) answers.push(JSON.stringify(await program.reply('answers', 40)));
  const payloads = answers.map((text) => Buffer.from(JSON.parse(text).dat, 'base64').toString());
  expect(payloads.sort()).toEqual([...all].sort());
  expect([...seen].sort()).toEqual([...all].sort());
  expect(await program.redis.lLen('answers')).toBe(0);
  await expect.poll(() => program.redis.hLen('msgbus.system.local.taken'), { timeout: 20_000 }).toBe(0);
}, 180_000);

it('Redis of the service killed while requests come in: each lies in its queue, once', async () => {
  await using network = await startNetwork();
  await using redis = await startDurableRedis();
  await using callee = await startPeerRig(network, 2, { redis: redis.url });
  await using caller = await startPeerRig(network, 1);
  const refs = Array.from({ length: REQUESTS }, (_, n) => `tag-${n}`);
  for (const tag of refs) await caller.request(localRequest({ cmd: 'test.piled', tag }));
  const delivered = () => callee.counted.get('command-delivered') ?? 0;
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await expect.poll(delivered, { timeout: 40_000 }).toBeGreaterThanOrEqual((REQUESTS / (KILLS + 1)) * kill);
    await redis.kill();
    await redis.start();
  }
  await using service = await openProgram(redis.url);
  await expect.poll(() => service.redis.lLen('msgbus.test.piled'), { timeout: 40_000 }).toBe(REQUESTS);
  const entries = await service.redis.lRange('msgbus.test.piled', 0, -1);
  expect(entries.map((text) => JSON.parse(text).tag).sort()).toEqual([...refs].sort());
}, 180_000);
