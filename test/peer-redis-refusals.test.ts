import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../local-relay/port.ts';
import { type DurableRedis, startDurableRedis } from './rig/durable-redis.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { localRequest, startPeerRig } from './rig/peer.ts';
import { untilRedisIsDown, untilRedisIsUp } from './rig/peer-state.ts';
import { openProgram, type Program } from './rig/program.ts';
import { startProxy } from './rig/proxy.ts';
import { until } from './rig/until.ts';

/** A Redis that answers, and refuses what it is asked. */
const NOBODY = 999_999;

let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

/** Brings a Redis to refuse commands. Returns what ends that. */
type Refuse = (admin: Program['redis'], redis: DurableRedis) => Promise<() => Promise<unknown>>;

const becomeReplica: Refuse = async (admin) => {
  await admin.sendCommand(['REPLICAOF', '127.0.0.1', String(await freePort())]);
  return () => admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
};
const fillMemory: Refuse = async (admin) => {
  await admin.configSet('maxmemory', '1');
  return () => admin.configSet('maxmemory', '0');
};
const loop: Refuse = async (admin, redis) => {
  await using other = await openProgram(redis.url);
  other.redis.eval('while true do end').catch(() => undefined);
  await until('the script to be found slow', () =>
    admin.ping().then(
      () => false,
      () => true,
    ),
  );
  return () => admin.sendCommand(['SCRIPT', 'KILL']);
};
const failToSave: Refuse = async (admin) => {
  const { dir = '' } = await admin.configGet('dir');
  // A directory of that name: the file cannot be put in its place.
  await mkdir(join(dir, 'dump.rdb'));
  await admin.configSet('save', '3600 1000000');
  await admin.bgSave();
  const isSaved = (state: string) => async () => (await admin.info('persistence')).includes(`bgsave_status:${state}`);
  await until('the save to fail', isSaved('err'));
  return async () => {
    await rm(join(dir, 'dump.rdb'), { recursive: true });
    await admin.bgSave();
    await until('the save to succeed', isSaved('ok'));
  };
};

const missReplicas: Refuse = async (admin) => {
  await admin.configSet('min-replicas-to-write', '1');
  return () => admin.configSet('min-replicas-to-write', '0');
};

const isAnswered = async (program: Program) => {
  await program.ask(localRequest({ dst: [NOBODY] }));
  expect(await program.reply('replies')).toMatchObject({ err: { code: 103 } });
};
describe('a Redis that refuses commands for longer than a few seconds', () => {
  it.each<[string, string, Refuse]>([
    ['READONLY', 'primary', becomeReplica],
    ['NOREPLICAS', 'min-replicas-to-write', missReplicas],
    ['OOM', 'maxmemory', fillMemory],
    ['BUSY', 'SCRIPT KILL', loop],
    ['MISCONF', 'disk', failToSave],
    [
      'MASTERDOWN',
      'primary',
      async (admin, redis) => {
        await admin.configSet('replica-serve-stale-data', 'no');
        return becomeReplica(admin, redis);
      },
    ],
  ])('%s is not ready, with the reason and one log line, until it ends', async (code, remedy, refuse) => {
    await using redis = await startDurableRedis(['--lua-time-limit', '50']);
    await using program = await openProgram(redis.url);
    await using rig = await startPeerRig(network, 1, { redis: redis.url, update: false });
    await isAnswered(program);
    const allow = await refuse(program.redis, redis);
    await untilRedisIsDown(rig, code, remedy);
    await allow();
    await untilRedisIsUp(rig);
    await isAnswered(program);
    expect(rig.logged.filter(({ message }) => message.startsWith('Redis: not ready'))).toHaveLength(1);
    expect(rig.logged.filter(({ message }) => message === 'Redis: ready')).toHaveLength(2);
  });

  it('is dialled again after a failover: the name leads to the new primary, and the old one still answers', async () => {
    await using old = await startDurableRedis();
    await using fresh = await startDurableRedis();
    const target = { port: old.port };
    await using name = await startProxy(target);
    await using rig = await startPeerRig(network, 1, { redis: `redis://127.0.0.1:${name.port}`, update: false });
    await using there = await openProgram(old.url);
    await using here = await openProgram(fresh.url);
    await isAnswered(there);
    target.port = fresh.port;
    await there.redis.sendCommand(['REPLICAOF', '127.0.0.1', String(fresh.port)]);
    await isAnswered(here);
    await untilRedisIsUp(rig);
  });
});
