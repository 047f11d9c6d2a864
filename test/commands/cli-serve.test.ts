import { execFile } from 'node:child_process';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { withLife } from '../../tools/conformance/stage/life.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { within } from '../rig/clients/client.ts';
import { asTwin, type RunningCommand, runCommand, startCommand } from '../rig/peer/command.ts';

/** The commands that serve and measure: against a relay and a chain, without Redis and without a daemon. */

const run = promisify(execFile);
const trips = z.object({ min: z.number(), mean: z.number(), p50: z.number(), p99: z.number(), max: z.number() });

let network: Network;
let upper: RunningCommand;
beforeAll(async () => {
  network = await startNetwork();
  upper = startCommand(['serve', 'my.upper', '--sid', 'upper', '--', 'tr', 'a-z', 'A-Z'], asTwin(network, 6));
  await upper.said('serving my.upper at 6:upper');
});
afterAll(async () => {
  await upper[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

const me = () => asTwin(network, 6);
const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));

describe('serve', () => {
  it('gives a program the payload on stdin, and answers with its stdout', async () => {
    const ended = await runCommand(['call', '6:upper', 'my.upper', '-'], asTwin(network, 1), 'quiet words');
    expect(ended).toEqual({ code: 0, stdout: 'QUIET WORDS', stderr: '' });
  });

  it('gives the program the fields of the request and no secret', async () => {
    await using service = startCommand(['serve', 'my.env', '--json', '--', 'env'], me());
    const ready = z.object({ type: z.literal('ready'), address: z.string(), command: z.string() });
    const { address, command } = ready.parse(JSON.parse(await service.said('ready')));
    expect(command).toBe('my.env');
    expect(address).toMatch(/^6:cli-[0-9a-f]{8}$/);
    const { stdout } = await runCommand(['call', address, 'my.env'], asTwin(network, 1));
    expect(stdout).toMatch(/^RMB_SOURCE=1:cli-[0-9a-f]{8}$/m);
    expect(stdout).toContain('RMB_COMMAND=my.env\n');
    expect(stdout).toMatch(/^RMB_UID=.{36}$/m);
    expect(stdout).toMatch(/^RMB_EXPIRES=\d{10}$/m);
    expect(stdout).not.toMatch(/RMB_MNEMONIC|RMB_KEY_TYPE/);
    const request = z.object({ type: z.literal('request'), source: z.string(), error: z.null() });
    request.parse(JSON.parse(await service.said('"request"')));
  });

  it('refuses a twin that is not in --from before it starts a program', async () => {
    const args = [
      'serve',
      'my.pay',
      '--sid',
      'pay',
      '--from',
      '1,5',
      '--',
      'sh',
      '-c',
      'echo started >&2; echo $RMB_ENC',
    ];
    await using service = startCommand(args, me());
    await service.said('serving');
    const call = ['call', '6:pay', 'my.pay'];
    const refused = await runCommand(call, asTwin(network, 3));
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("twin 3 may not call 'my.pay' here") });
    expect(service.stderr()).not.toContain('started');
    expect(await runCommand(call, asTwin(network, 1))).toMatchObject({ code: 0, stdout: 'false\n' });
    const misused = await runCommand(['serve', 'my.pay', '--from', 'x', '--', 'cat'], me());
    expect(misused).toMatchObject({ code: 2, stderr: expect.stringContaining('--from: must be twin ids') });
  });

  it.each([
    ['echo first >&2; echo the disk is full >&2; exit 3', 'error 500: the disk is full'],
    ['exit 3', 'error 500: the service ended with 3'],
    ['kill -9 $$', 'error 500: the service was killed by a signal'],
  ])('makes an error of %j', async (script, message) => {
    await using service = startCommand(['serve', 'my.fails', '--sid', 'fails', '--', 'sh', '-c', script], me());
    await service.said('serving');
    const ended = await runCommand(['call', '6:fails', 'my.fails'], me());
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain(message);
  });

  it('kills a program when its request expires', async () => {
    await using slow = startCommand(['serve', 'my.slow', '--sid', 'slow', '--', 'sleep', '1000'], me());
    await slow.said('serving');
    const call = (seconds: number) => runCommand(['call', '6:slow', 'my.slow', '-t', String(seconds)], me());
    expect((await withLife(2, call, ({ code }) => code === 1)).code).toBe(3);
    expect(await slow.said('error')).toContain('the service took longer than its caller waits');
  });

  it.each([
    ['ENOENT', '/no/such/program'],
    // Node throws for this program; for the other one it emits an event.
    ['ENOTDIR', '/dev/null/program'],
  ])('reports a program that cannot be started: %s', async (code, program) => {
    await using none = startCommand(['serve', 'my.none', '--sid', code, '--', program], me());
    await none.said('serving');
    const message = `error 500: the service's program cannot be started (${code})`;
    for (let n = 0; n < 2; n += 1) {
      expect((await runCommand(['call', `6:${code}`, 'my.none'], me())).stderr).toContain(message);
    }
  });

  it('answers another command with an error, and rmb.version', async () => {
    const other = await runCommand(['call', '6:upper', 'my.other'], me());
    expect(other.stderr).toContain("error 404: nobody serves 'my.other' here: rmb.commands lists what is served");
    expect((await runCommand(['call', '6:upper', 'rmb.version'], me())).stdout).toMatch(/^"rmb-edge /);
  });

  it('serves as the twin itself with --no-sid, until Ctrl-C', async () => {
    await using service = startCommand(['serve', 'my.cat', '--no-sid', '--', 'cat'], asTwin(network, 3));
    expect(await service.said('serving')).toContain('at 3, relays');
    expect(await runCommand(['call', '3', 'my.cat', '--data', 'as it is'], me())).toMatchObject({ stdout: 'as it is' });
    service.signal('SIGINT');
    expect((await within(service.ended, 'the end of the service')).code).toBe(130);
  });
});

describe('ping', () => {
  it('sums up round trips to the peer over there', async () => {
    const { code, stdout } = await runCommand(['ping', '6:upper', '-n', '3', '-i', '0.01'], me());
    expect(code).toBe(0);
    expect(stdout).toMatch(/^twin 6:upper \("rmb-edge .*"\): seq=1 time=[\d.]+ ms$/m);
    expect(stdout).toMatch(/^--- twin 6:upper: 3 sent, 3 answered, 0% lost$/m);
    expect(stdout).toMatch(/^round trip min\/mean\/p50\/p99\/max = ([\d.]+\/){4}[\d.]+ ms$/m);
  });

  it('prints JSON lines with --json, and exits with 4 for an offline twin', async () => {
    const { code, stdout } = await runCommand(['ping', '4', '-n', '2', '-i', '0.01', '--json'], me());
    expect(code).toBe(4);
    const [first, second, sum, failure] = jsonLines(stdout);
    for (const lost of [first, second]) expect(lost).toMatchObject({ type: 'lost', kind: 'offline' });
    expect(sum).toEqual({ type: 'summary', sent: 2, answered: 0, roundTrip: null });
    expect(failure).toEqual({ ok: false, kind: 'offline', message: 'nothing came back' });
  });

  it('explains in its help what it measures', async () => {
    expect((await runCommand(['ping', '--help'], {})).stdout).toContain('measures only the relay');
  });
});

describe('bench', () => {
  const result = z.object({
    twin: z.literal(6),
    requests: z.number(),
    answered: z.number(),
    errors: z.record(z.string(), z.number()),
    failed: z.record(z.string(), z.number()),
    perSecond: z.number(),
    roundTrip: trips.nullable(),
  });

  it('counts answers and their latencies', async () => {
    const bench = ['bench', '6:upper', 'rmb.version', '-n', '100'];
    const [text, json] = await Promise.all([runCommand(bench, me()), runCommand([...bench, '--json'], me())]);
    // Off a terminal there is no bar.
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(/^twin 6:upper: 100 of 100 answered in [\d.]+ s, [\d.]+ a second$/m);
    expect(result.parse(JSON.parse(json.stdout))).toMatchObject({
      requests: 100,
      answered: 100,
      errors: {},
      failed: {},
    });
  });

  it('shows a bar and colours only at a terminal', async () => {
    const program = `${process.execPath} local-peer/main.ts bench 6:upper rmb.version -n 2000`;
    const atTerminal = async (env: Record<string, string>) => {
      const { PATH, HOME } = process.env;
      const options = { env: { PATH, HOME, TERM: 'xterm', ...me(), ...env } };
      return (await run('script', ['-qec', program, '/dev/null'], options)).stdout;
    };
    const [coloured, plain] = await Promise.all([atTerminal({}), atTerminal({ NO_COLOR: '1' })]);
    expect(stripVTControlCharacters(coloured)).toMatch(/█░* \d+\/2000 \d+\/s/);
    expect(coloured).toContain('\u001b[1m');
    expect(plain).not.toContain('\u001b[1m');
    expect(plain).toMatch(/, [\d.]+ a second\r/);
  });

  it('counts errors of the service by their text and exits with 1', async () => {
    const bench = ['bench', '6:upper', 'my.other', '-n', '5'];
    const [text, json] = await Promise.all([runCommand(bench, me()), runCommand([...bench, '--json'], me())]);
    expect(text).toMatchObject({ code: 1, stderr: 'rmb-peer bench: 5 of 5 requests were answered with an error\n' });
    expect(text.stdout).toContain("5 answered with an error: error 404: nobody serves 'my.other' here");
    const [first = ''] = json.stdout.split('\n');
    const said = "error 404: nobody serves 'my.other' here: rmb.commands lists what is served";
    expect(result.parse(JSON.parse(first))).toMatchObject({ answered: 5, errors: { [said]: 5 }, failed: {} });
  });

  it('counts requests without an answer by their reason and exits with the code of the first', async () => {
    const { code, stdout, stderr } = await runCommand(['bench', '6:nobody', 'my.other', '-n', '5'], me());
    expect(code).toBe(4);
    expect(stdout).toContain('5 failed: the relay says of twin 6:nobody: destination offline');
    expect(stderr).toBe('rmb-peer bench: 5 of 5 requests failed\n');
  });
});
