import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { asTwin, type RunningCommand, runCommand, startCommand } from '../rig/peer/command.ts';
import { runInShell, runIntoFullPipe } from '../rig/peer/piped.ts';

/** The output of every command reaches a slow reader whole, or the exit code is not 0. */

const SIZE = 1_500_000;
const answer = z.object({ payload: z.object({ text: z.string() }) });

let network: Network;
let big: RunningCommand;
beforeAll(async () => {
  network = await startNetwork();
  const program = ['sh', '-c', `head -c ${SIZE} /dev/zero | tr '\\0' x`];
  big = startCommand(['serve', 'my.big', '--sid', 'big', '--', ...program], asTwin(network, 6));
  await big.said('serving');
});
afterAll(async () => {
  for (const each of [big, network]) await each[Symbol.asyncDispose]();
});
const env = () => ({ ...asTwin(network, 2), RMB_REDIS: 'redis://127.0.0.1:9' });

/** A run of each command that prints something and ends by itself; after it, the exit code. */
const RUNS = [
  ['call', ['6:big', 'my.big', '--json'], 0],
  ['call', ['6:big', 'my.big'], 0],
  ['call', ['6:big', 'my.none', '--json'], 1],
  ['serve', ['my.big', '--json'], 2],
  ['ping', ['6:big', '-n', '1', '--json'], 0],
  ['twin', ['2', '--json'], 0],
  ['presence', ['2', '3', '--json'], 0],
  ['commands', ['6:big', '--json'], 0],
  ['relay', ['RELAY', '--json'], 0],
  ['status', ['u', '--json'], 1],
  ['bench', ['6:big', 'rmb.version', '-n', '1', '--json'], 0],
  ['doctor', ['--json'], 1],
  ['help', ['call'], 0],
  ['--help', [], 0],
  ['--version', [], 0],
  ['--print-config', [], 0],
] as const;
const given = (args: readonly string[]) => args.map((arg) => (arg === 'RELAY' ? network.relay.wsUrl : arg));

describe('a reader that is slow', () => {
  it('gets the whole of an answer of 1.5 MB', async () => {
    const { code, stdout } = await runInShell(
      'set -o pipefail; "$@" | cat',
      ['call', '6:big', 'my.big', '--json'],
      env(),
    );
    expect(code).toBe(0);
    expect(answer.parse(JSON.parse(stdout)).payload.text).toHaveLength(SIZE);
  });

  it.each(RUNS)('gets all that %s %j prints', async (name, args, code) => {
    const slow = await runIntoFullPipe('reads', [name, ...given(args)], env());
    expect(slow).toMatchObject({ code, lost: 0 });
    expect(slow.stdout).toMatch(/\S$/m);
    if (!args.some((arg) => arg === '--json')) return;
    for (const value of slow.stdout.trim().split(name === 'doctor' ? /$^/ : '\n'))
      expect(() => JSON.parse(value)).not.toThrow();
  });

  it('is tested with every command', async () => {
    const { stdout } = await runCommand(['--help'], {});
    const [, listed = ''] = /Commands need[^\n]*\n((?: {2}\w+ [^\n]*\n)+)/.exec(stdout) ?? [];
    const names = [...listed.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
    expect(names).toContain('call');
    expect(RUNS.map(([name]) => name)).toEqual(expect.arrayContaining(names));
  });
});

/** Runs that write in different ways: at the end, after a session, as a report, at once. */
const WRITERS = [
  ['call', ['6:big', 'my.big', '--json']],
  ['ping', ['6:big', '-n', '0', '-i', '0.01']],
  ['doctor', []],
  ['help', ['call']],
  ['--help', []],
] as const;

describe('output that goes nowhere', () => {
  it.each(WRITERS)('ends %s %j with 141 and no message when its reader leaves', async (name, args) => {
    const ended = await runIntoFullPipe('leaves', [name, ...args], env());
    expect(ended).toMatchObject({ code: 141, stderr: '' });
  });

  it.each(WRITERS)('ends %s %j with 1 and one line when the disk is full', async (name, args) => {
    const { code, stderr } = await runInShell('"$@" > /dev/full', [name, ...args], env());
    expect(code).toBe(1);
    expect(stderr).toBe('rmb-peer: the output cannot be written: the disk is full (ENOSPC)\n');
  });
});
