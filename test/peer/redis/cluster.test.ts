import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../tools/local-relay/port.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { within } from '../../rig/clients/client.ts';
import { runDoctor, secretOf } from '../../rig/peer/doctor.ts';
import { localRequest, startPeerRig } from '../../rig/peer/peer.ts';
import { startPeerProcess } from '../../rig/peer/peer-process.ts';
import { untilRedisIsDown, untilRedisIsUp } from '../../rig/peer/peer-state.ts';
import { type RedisServer, startRedis, startRedisServer } from '../../rig/redis/redis.ts';
import { startProxy } from '../../rig/relay/proxy.ts';

/** A Redis in cluster mode: one command on keys of several slots is refused there, and the peer gives such commands. */
let network: Network;
let cluster: RedisServer;
beforeAll(async () => {
  network = await startNetwork();
  cluster = await startRedisServer({ flags: ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())] });
});
afterAll(async () => {
  for (const each of [cluster, network]) await each[Symbol.asyncDispose]();
});

const settings = () => ({
  ...secretOf(1),
  REDIS: cluster.url,
  SUBSTRATE: network.chain.wsUrl,
  RELAY: network.relay.wsUrl,
});

it('a peer refuses a Redis in cluster mode at its start with one line', async () => {
  const env = Object.fromEntries(Object.entries(settings()).map(([name, value]) => [`RMB_${name}`, value]));
  await using process = startPeerProcess({ args: ['--no-update'], env });
  expect(await within(process.ended, 'the end of the peer')).toBe(1);
  const lines = process.output().split('\n');
  expect(lines.filter((line) => line.startsWith('rmb-peer:'))).toEqual([
    expect.stringMatching(/cluster mode.*--redis.*standalone/),
  ]);
});

it('the doctor names cluster mode', async () => {
  const { code, named, said } = await runDoctor(settings());
  expect(named.filter((name) => name.includes('redis'))).toEqual(['fail redis: mode']);
  expect(said).toMatch(/cluster mode.*→.*standalone/);
  expect(code).toBe(1);
});

it('a running peer reports a Redis that becomes a cluster node, and resumes with a standalone one', async () => {
  await using redis = await startRedis();
  const target = { port: Number(new URL(redis.url).port) };
  const standalone = target.port;
  await using name = await startProxy(target);
  await using rig = await startPeerRig(network, 1, { redis: `redis://127.0.0.1:${name.port}`, update: false });
  target.port = cluster.port;
  name.cut();
  await untilRedisIsDown(rig, 'cluster', 'standalone');
  target.port = standalone;
  name.cut();
  await untilRedisIsUp(rig);
  await rig.request(localRequest({ dst: [999_999] }));
  expect((await rig.reply('replies')).err?.code).toBe(103);
});
