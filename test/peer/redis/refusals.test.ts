import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../tools/local-relay/port.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { localRequest, startPeerRig } from '../../rig/peer/peer.ts';
import { untilRedisIsDown, untilRedisIsUp } from '../../rig/peer/peer-state.ts';
import { openProgram, type Program } from '../../rig/redis/program.ts';
import { type RedisServer, startRedisServer } from '../../rig/redis/redis.ts';
import { startProxy } from '../../rig/relay/proxy.ts';
import { until } from '../../rig/until.ts';

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
type Refuse = (admin: Program['redis'], redis: RedisServer) => Promise<() => Promise<unknown>>;

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
// Each has a Redis and a twin of its own: they wait for the peer's time limits, so several wait at once.
describe.concurrent('a Redis that refuses commands for longer than a few seconds', () => {
  it.each<[code: string, remedy: string, refuse: Refuse, twin: number]>([
    ['READONLY', 'primary', becomeReplica, 1],
    ['NOREPLICAS', 'min-replicas-to-write', missReplicas, 2],
    ['OOM', 'maxmemory', fillMemory, 3],
    ['BUSY', 'SCRIPT KILL', loop, 4],
    ['MISCONF', 'disk', failToSave, 5],
    [
      'MASTERDOWN',
      'primary',
      async (admin, redis) => {
        await admin.configSet('replica-serve-stale-data', 'no');
        return becomeReplica(admin, redis);
      },
      6,
    ],
  ])('is reported as not ready with %s until it recovers', async (code, remedy, refuse, twin) => {
    await using redis = await startRedisServer({ flags: ['--lua-time-limit', '50'] });
    await using program = await openProgram(redis.url);
    await using rig = await startPeerRig(network, twin, { redis: redis.url, update: false });
    await isAnswered(program);
    const allow = await refuse(program.redis, redis);
    await untilRedisIsDown(rig, code, remedy);
    await allow();
    await untilRedisIsUp(rig);
    await isAnswered(program);
    expect(rig.logged.filter(({ message }) => message.startsWith('Redis: not ready'))).toHaveLength(1);
    expect(rig.logged.filter(({ message }) => message === 'Redis: ready')).toHaveLength(2);
  });
});

describe('a Redis after a failover', () => {
  it('is dialled again when its name leads to the new primary', async () => {
    await using old = await startRedisServer();
    await using fresh = await startRedisServer();
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
