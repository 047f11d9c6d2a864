import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { within } from '../rig/clients/client.ts';
import { asTwin, type RunningCommand, runCommand, startCommand } from '../rig/peer/command.ts';

/** `rmb-peer call --stream` and the lines of a served program: against a relay and a chain. */

let network: Network;
let counter: RunningCommand;
beforeAll(async () => {
  network = await startNetwork();
  // Counts up to its payload; without one, for ever.
  const script = 'last=$(cat); n=1; while [ "$last" = null ] || [ $n -le "$last" ]; do echo $n; n=$((n + 1)); done';
  counter = startCommand(
    ['serve', 'my.count', '--sid', 'counter', '--json', '--', 'sh', '-c', script],
    asTwin(network, 6),
  );
  await counter.said('ready');
});
afterAll(async () => {
  await counter[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

const me = () => asTwin(network, 1);

describe('call --stream', () => {
  it('prints each line of a served program', async () => {
    const ended = await runCommand(['call', '6:counter', 'my.count', '--stream', '--data', '500'], me());
    const lines = Array.from({ length: 500 }, (_, n) => `${n + 1}\n`);
    expect(ended).toEqual({ code: 0, stdout: lines.join(''), stderr: '' });
  });

  it('prints replies as JSON', async () => {
    const { stdout } = await runCommand(['call', '6:counter', 'my.count', '--stream', '--data', '2', '--json'], me());
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toMatchObject([
      { ok: true, source: '6:counter', payload: { text: '1' } },
      { ok: true, payload: { text: '2' } },
    ]);
  });

  it('prints the one reply of a twin that does not stream', async () => {
    const { code, stdout } = await runCommand(['call', '6:counter', 'rmb.version', '--stream'], me());
    expect([code, stdout]).toEqual([0, expect.stringContaining('rmb-edge')]);
  });

  it('cancels the request at Ctrl-C: the program ends, which would run for ever', async () => {
    await using call = startCommand(['call', '6:counter', 'my.count', '--stream', '--timeout', '600'], me());
    await call.said('3');
    call.signal('SIGINT');
    expect(await within(call.ended, 'the end of the call')).toMatchObject({ code: 130, stderr: '' });
    expect(await counter.said('cancelled')).toContain('the caller cancelled the request');
  });
});

describe('call without --stream', () => {
  it('gets all lines as one reply', async () => {
    const { stdout } = await runCommand(['call', '6:counter', 'my.count', '--data', '3'], me());
    expect(stdout).toBe('1\n2\n3\n');
  });
});
