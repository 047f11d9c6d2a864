import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { asTwin, type RunningCommand, runCommand, startCommand } from '../rig/peer/command.ts';

/** `rmb-peer commands`, and what `rmb-peer serve` registers: against a relay and a chain. */

let network: Network;
let service: RunningCommand;
beforeAll(async () => {
  network = await startNetwork();
  const summary = 'counts\u001b[2J up';
  const args = ['serve', 'my.count', '--sid', 'count', '--summary', summary, '--from', '1', '--', 'cat'];
  service = startCommand(args, asTwin(network, 6));
  await service.said('serving');
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

const me = () => asTwin(network, 1);

describe('commands', () => {
  it('prints what a twin serves, without characters that act on a terminal', async () => {
    expect(await runCommand(['commands', '6:count'], me())).toEqual({
      code: 0,
      stdout: 'my.count  stream  counts [2J up\n',
      stderr: '',
    });
  });

  it('prints it as JSON, a line for each command', async () => {
    const { code, stdout } = await runCommand(['commands', '6:count', '--json'], me());
    expect([code, stdout]).toEqual([
      0,
      `${String.raw`{"name":"my.count","summary":"counts\u001b[2J up","stream":true}`}\n`,
    ]);
  });

  it('fails for a twin that may call nothing there', async () => {
    const { code, stdout, stderr } = await runCommand(['commands', '6:count'], asTwin(network, 3));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain("twin 3 may not call 'rmb.commands' here");
  });

  it('fails at once for a twin that is offline, and for what is no twin', async () => {
    expect(await runCommand(['commands', '5:nobody', '--timeout', '1'], me())).toMatchObject({ code: 4, stdout: '' });
    expect(await runCommand(['commands', 'seven'], me())).toMatchObject({ code: 2, stdout: '' });
  });
});
