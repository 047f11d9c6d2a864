import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { freePort } from '../../tools/local-relay/port.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { runCommand } from '../rig/peer/command.ts';
import { localRequest, type PeerRig, startPeerRig } from '../rig/peer/peer.ts';
import { startService } from '../rig/peer/service.ts';
import { openProgram, type Program } from '../rig/redis/program.ts';
import { startRedis } from '../rig/redis/redis.ts';
import { until } from '../rig/until.ts';

/** `rmb-peer status`, and the status that a program asks for with its request. */

const report = z.object({
  ver: z.literal(1),
  uid: z.string(),
  ref: z.string().nullable(),
  cmd: z.string(),
  dst: z.array(z.number()),
  until: z.number().nullable(),
  steps: z.array(z.object({ step: z.string(), twin: z.number().optional(), relay: z.string().optional() })),
});

let network: Network;
let caller: PeerRig;
let callee: PeerRig;
let program: Program;
let service: AsyncDisposable;
beforeAll(async () => {
  network = await startNetwork();
  [caller, callee] = await Promise.all([startPeerRig(network, 1), startPeerRig(network, 2)]);
  program = await openProgram(caller.redisUrl);
  service = await startService(callee.redisUrl, 'test.echo', (dat) => ({ dat }));
});
afterAll(async () => {
  for (const each of [program, service, caller, callee, network]) await each[Symbol.asyncDispose]();
});

const status = (name: string, ...args: string[]) =>
  runCommand(['status', name, ...args], { RMB_REDIS: caller.redisUrl });
const stepsOf = async (name: string) => {
  const { code, stdout, stderr } = await status(name, '--json');
  expect([code, stderr]).toEqual([0, '']);
  const { steps, ...rest } = report.parse(JSON.parse(stdout));
  return { ...rest, steps: steps.map(({ step }) => step) };
};

describe('status', () => {
  it('tells the steps of a request by its ref and by its uid', async () => {
    await program.ask(localRequest({ ref: 'answered', ret: 'answered' }));
    await program.reply('answered');
    const known = await stepsOf('answered');
    expect(known).toMatchObject({ ref: 'answered', cmd: 'test.echo', dst: [2] });
    expect(known.steps).toEqual(['accepted', 'sent', expect.stringMatching(/^(handed|delivered)$/), 'replied']);
    expect(await stepsOf(known.uid)).toEqual(known);
    const { stdout } = await status('answered');
    expect(stdout).toMatch(/^request .{36}\nref {6}answered\ncommand {2}test.echo, to twin 2\n/);
    expect(stdout).toMatch(/ replied {4}by twin 2\n$/);
  });

  it('tells why a request failed, and what is awaited', async () => {
    await program.ask(localRequest({ ref: 'unknown', dst: [99], ret: 'unknown' }));
    await program.reply('unknown');
    expect((await stepsOf('unknown')).steps).toEqual(['accepted', 'failed']);
    expect((await status('unknown')).stdout).toMatch(/ failed {5}twin 99: unknown twin id '99'\n$/);
    await program.ask(localRequest({ ref: 'waits', cmd: 'test.nobody', ret: 'waits' }));
    await until('the request to be sent', async () => (await stepsOf('waits')).steps.includes('sent'));
    expect((await status('waits')).stdout).toMatch(/\nwaits for twin 2 until .*\n$/);
  });

  it('knows a request of an earlier run by its note, and says that it knows no more', async () => {
    const rig = await startPeerRig(network, 6);
    const redis = await openProgram(rig.redisUrl);
    await redis.ask(localRequest({ ref: 'before', cmd: 'test.nobody' }));
    const notes = async () => redis.redis.keys('msgbus.backlog.*');
    await until('the note', async () => (await notes()).length === 1);
    const uid = (await notes())[0]?.slice('msgbus.backlog.'.length) ?? '';
    await rig.peer.close();
    await using _ = await startPeerRig(network, 6, { redis: rig.redisUrl });
    const { stdout } = await runCommand(['status', uid], { RMB_REDIS: rig.redisUrl });
    expect(stdout).toMatch(/\nsent before this daemon started/);
    await redis[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  it('says that it knows a request not, and what to do', async () => {
    const { code, stderr } = await status('nothing-of-this-name');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^rmb-peer status: the daemon knows no request 'nothing-of-this-name': .*Check the uid or ref/,
    );
  });

  it('ends with 3 without a daemon and leaves nothing in its queue, with 1 without Redis', async () => {
    await using redis = await startRedis();
    await using beside = await openProgram(redis.url);
    const alone = await runCommand(['status', 'u', '-t', '0.5'], { RMB_REDIS: redis.url });
    expect([alone.code, alone.stderr]).toEqual([3, expect.stringContaining('start rmb-peer, or name its Redis')]);
    expect(await beside.redis.keys('*')).toEqual([]);
    const away = await runCommand(['status', 'u'], { RMB_REDIS: `redis://localhost:${await freePort()}` });
    expect([away.code, away.stderr]).toEqual([1, expect.stringContaining('cannot be used')]);
  });

  it('answers programs of this machine alone', async () => {
    const { code, stdout } = await runCommand(['call', '1', 'rmb.status', '--data', 'answered', '-t', '2'], {
      RMB_MNEMONIC: `0x${'03'.repeat(32)}`,
      RMB_SUBSTRATE: network.chain.wsUrl,
      RMB_RELAY: network.relay.wsUrl,
    });
    expect([code, stdout]).toEqual([3, '']);
  });
});

describe('a program that asks for the status of its request', () => {
  const kept = async (name: string) => {
    const text = await program.redis.get(`msgbus.status.${name}`);
    return text === null ? undefined : report.parse(JSON.parse(text));
  };

  it('finds it under its name until the end of its time', async () => {
    const name = 'a-name-of-the-program';
    await program.ask(localRequest({ ret: 'asked', sts: name, exp: 50 }));
    await program.reply('asked');
    await until('the last step', async () => (await kept(name))?.steps.at(-1)?.step === 'replied');
    expect(await program.redis.ttl(`msgbus.status.${name}`)).toBeGreaterThan(40);
    expect(await kept(name)).toEqual(
      report.parse(JSON.parse((await status((await kept(name))?.uid ?? '', '--json')).stdout)),
    );
  });

  it('finds it under the uid when it names none', async () => {
    await program.ask(localRequest({ ref: 'by-uid', ret: 'by-uid', sts: true }));
    await program.reply('by-uid');
    const { uid } = await stepsOf('by-uid');
    expect((await kept(uid))?.ref).toBe('by-uid');
  });
});
