import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { asTwin, runCommand } from '../rig/peer/command.ts';
import { localRequest, type PeerRig, startPeerRig } from '../rig/peer/peer.ts';
import { openProgram, type Program } from '../rig/redis/program.ts';

/** `rmb.commands` through a peer: services register in its Redis, and other twins ask. */

const KEY = 'msgbus.system.commands';

let network: Network;
let caller: PeerRig;
let callee: PeerRig;
let service: Program;
beforeAll(async () => {
  network = await startNetwork();
  const admission = { allowFor: new Map([['wallet.pay', new Set([3])]]) };
  [caller, callee] = await Promise.all([startPeerRig(network, 1), startPeerRig(network, 2, { admission })]);
  service = await openProgram(callee.redisUrl);
  await register({ name: 'my.upper', summary: 'writes text in capitals', in: { type: 'string' } });
  await register({ name: 'wallet.pay' });
});
afterAll(async () => {
  for (const each of [service, callee, caller, network]) await each[Symbol.asyncDispose]();
});

const register = (fields: object) =>
  service.redis.zAdd(KEY, { score: Date.now() / 1000 + 3_600, value: JSON.stringify({ ver: 1, ...fields }) });

/** A program of twin 1 asks twin 2. */
async function asked(): Promise<unknown> {
  await caller.request(localRequest({ cmd: 'rmb.commands', ret: 'list' }));
  const { dat, err, shm, src } = await caller.reply('list');
  expect({ err, shm, src }).toEqual({ err: null, shm: 'application/json', src: '2' });
  return JSON.parse(Buffer.from(dat, 'base64').toString());
}

const UPPER = { name: 'my.upper', summary: 'writes text in capitals', in: { type: 'string' } };

describe('a peer', () => {
  it('lists to a program of another twin what services have registered, and that twin may call', async () => {
    expect(await asked()).toEqual({ ver: 1, commands: [UPPER], more: false });
  });

  it('lists a command to the twin for which it is', async () => {
    const { code, stdout } = await runCommand(['commands', '2', '--json'], asTwin(network, 3));
    const lines = stdout.trimEnd().split('\n');
    expect([code, lines.map((line): unknown => JSON.parse(line))]).toEqual([0, [UPPER, { name: 'wallet.pay' }]]);
  });

  it('lists a service no more when it has removed itself, or its time is over', async () => {
    await register({ name: 'my.other' });
    await service.redis.zAdd(KEY, { score: Date.now() / 1000 - 1, value: '{"ver":1,"name":"my.crashed"}' });
    expect(await asked()).toMatchObject({ commands: [{ name: 'my.other' }, UPPER] });
    await service.redis.zRem(KEY, '{"ver":1,"name":"my.other"}');
    expect(await asked()).toEqual({ ver: 1, commands: [UPPER], more: false });
  });

  it('still tells its version', async () => {
    expect(await runCommand(['call', '2', 'rmb.version'], asTwin(network, 3))).toMatchObject({ code: 0 });
  });
});
