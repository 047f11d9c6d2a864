import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { freePort } from '../local-relay/port.ts';
import { ss58Address } from '../proto/identity.ts';
import { within } from './rig/client.ts';
import { asTwin, type RunningCommand, runCommand, startCommand } from './rig/command.ts';
import { ensureProgram } from './rig/debian.ts';
import { type Network, startNetwork } from './rig/network.ts';

/** The commands that serve, measure and look: against a relay and a chain, without Redis and without a daemon. */

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

  it('tells the program of the request, and nothing of the secret', async () => {
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

  it('ends a program for which nobody waits any longer', async () => {
    await using slow = startCommand(['serve', 'my.slow', '--sid', 'slow', '--', 'sleep', '1000'], me());
    await slow.said('serving');
    expect((await runCommand(['call', '6:slow', 'my.slow', '-t', '5'], me())).code).toBe(3);
    expect(await slow.said('error')).toContain('the service took longer than the caller waits');
  });

  it('says of a program that cannot be started', async () => {
    await using none = startCommand(['serve', 'my.none', '--sid', 'none', '--', '/no/such/program'], me());
    await none.said('serving');
    expect((await runCommand(['call', '6:none', 'my.none'], me())).stderr).toContain('cannot be started');
  });

  it('answers another command with an error, and a second peer’s question for the version', async () => {
    const other = await runCommand(['call', '6:upper', 'my.other'], me());
    expect(other.stderr).toContain("error 404: nobody serves 'my.other' here, only 'my.upper'");
    expect((await runCommand(['call', '6:upper', 'rmb.version'], me())).stdout).toMatch(/^"rmb-edge /);
  });

  it('serves as the twin itself with --no-sid, until Ctrl-C', async () => {
    await using service = startCommand(['serve', 'my.cat', '--no-sid', '--', 'cat'], asTwin(network, 3));
    expect(await service.said('serving')).toContain('at 3, relays');
    expect(await runCommand(['call', '3', 'my.cat', '--data', 'as it is'], me())).toMatchObject({ stdout: 'as it is' });
    service.signal('SIGINT');
    expect((await within(service.ended, 'the end of the service', 5_000)).code).toBe(130);
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

  it('is JSON lines with --json, and 4 for a twin that is offline, though the relay would answer for it', async () => {
    const { code, stdout } = await runCommand(['ping', '4', '-n', '2', '-i', '0.01', '--json'], me());
    expect(code).toBe(4);
    const [first, second, sum, failure] = jsonLines(stdout);
    for (const lost of [first, second]) expect(lost).toMatchObject({ type: 'lost', kind: 'offline' });
    expect(sum).toEqual({ type: 'summary', sent: 2, answered: 0, roundTrip: null });
    expect(failure).toEqual({ ok: false, kind: 'offline', message: 'nothing came back' });
  });

  it('says in its help what it measures', async () => {
    expect((await runCommand(['ping', '--help'], {})).stdout).toContain('measure the relay alone');
  });
});

describe('bench', () => {
  const result = z.object({
    twin: z.literal(6),
    requests: z.number(),
    answered: z.number(),
    failed: z.record(z.string(), z.number()),
    perSecond: z.number(),
    roundTrip: trips.nullable(),
  });

  it('counts answers, and says how long they took', async () => {
    const bench = ['bench', '6:upper', 'rmb.version', '-n', '100'];
    const [text, json] = await Promise.all([runCommand(bench, me()), runCommand([...bench, '--json'], me())]);
    // Off a terminal there is no bar.
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(/^twin 6:upper: 100 of 100 answered in [\d.]+ s, [\d.]+ a second$/m);
    expect(result.parse(JSON.parse(json.stdout))).toMatchObject({ requests: 100, answered: 100, failed: {} });
  });

  it('shows a bar, and colours, at a terminal alone', async () => {
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

  it('counts failures by their words, and ends with the code of the first', async () => {
    const { code, stdout, stderr } = await runCommand(['bench', '6:upper', 'my.other', '-n', '5'], me());
    expect(code).toBe(1);
    expect(stdout).toContain("5 failed: twin 6:upper answered with error 404: nobody serves 'my.other' here");
    expect(stderr).toBe('rmb-peer bench: 5 of 5 requests failed\n');
  });
});

describe('twin', () => {
  const record = z.object({
    id: z.number(),
    account: z.string(),
    relays: z.array(z.string()),
    pk: z.string().nullable(),
  });
  const asked = async (args: readonly string[], env = {}) => {
    const { code, stdout } = await runCommand(['twin', ...args, '--json'], env);
    expect(code).toBe(0);
    return record.parse(JSON.parse(stdout));
  };

  it('says what the chain says, by id or account, without a secret; without ID of our own', async () => {
    const account = ss58Address((await network.identity(2)).account);
    const home = new URL(network.relay.wsUrl).host;
    const chain = { RMB_SUBSTRATE: network.chain.wsUrl };
    const two = { id: 2, account, relays: [home], pk: null };
    expect(await asked(['2'], chain)).toEqual(two);
    expect(await asked([account], chain)).toEqual(two);
    expect(await asked([], me())).toMatchObject({ id: 6, relays: [home] });
    const { stdout } = await runCommand(['twin', '2'], chain);
    expect(stdout).toContain(`account  ${account}\n`);
    expect(stdout).toContain('none: what is sent to it is signed, not encrypted');
  });

  it('is 4 for a twin that the chain does not know, and needs a secret for our own', async () => {
    const chain = { RMB_SUBSTRATE: network.chain.wsUrl };
    const unknown = await runCommand(['twin', '99'], chain);
    expect(unknown.code).toBe(4);
    expect(unknown.stderr).toContain(`TfgridModule.Twins at ${network.chain.wsUrl} has nothing under 99`);
    expect((await runCommand(['twin'], chain)).stderr).toContain('the twin’s secret is required');
  });
});

describe('relay', () => {
  const report = z.object({
    isRelay: z.boolean(),
    version: z.string().nullable(),
    domains: z.array(z.string()).nullable(),
    ready: z.boolean().nullable(),
    pages: z.record(z.string(), z.number()),
    roundTrip: trips,
    clockSkewSeconds: z.number().nullable(),
  });

  it('says of ours how it is', async () => {
    const [text, json] = await Promise.all([
      runCommand(['relay', network.relay.wsUrl], {}),
      runCommand(['relay', network.relay.wsUrl, '--json'], {}),
    ]);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(/^version {5}rmb-edge \d/m);
    expect(text.stdout).toMatch(/^state {7}ready$/m);
    const { version, domains, ready, isRelay } = report.parse(JSON.parse(json.stdout));
    expect({ ready, isRelay }).toEqual({ ready: true, isRelay: true });
    expect(version).toMatch(/^rmb-edge \d/);
    expect(domains).toContain(new URL(network.relay.wsUrl).host);
  });

  it('says of one with /metrics alone what is there, and its clock', async () => {
    const tenMinutesAhead = new Date(Date.now() + 600_000).toUTCString();
    const server = createServer(({ url }, response) => {
      response.setHeader('date', tenMinutesAhead);
      if (url !== '/metrics') return void response.writeHead(404).end('page not found');
      response.end('# HELP relay_sessions x\n# TYPE relay_sessions gauge\nrelay_sessions 1\n');
    });
    const port = await freePort();
    await once(server.listen(port, '127.0.0.1'), 'listening');
    const [text, json] = await Promise.all([
      runCommand(['relay', `http://127.0.0.1:${port}`], {}),
      runCommand(['relay', `ws://127.0.0.1:${port}`, '--json'], {}),
    ]);
    server.close();
    expect(text.code).toBe(0);
    expect(text.stdout).toContain('/version 404  /healthz 404  /readyz 404  /metrics 200');
    expect(text.stdout).toContain('set the clock that is wrong (NTP)');
    const { isRelay, version, ready, clockSkewSeconds } = report.parse(JSON.parse(json.stdout));
    expect({ isRelay, version, ready }).toEqual({ isRelay: true, version: null, ready: null });
    expect(Math.abs((clockSkewSeconds ?? 0) - 600)).toBeLessThan(60);
  });

  it('is 1 for what is no relay or not there, 3 for one that is silent, 2 for no URL', async () => {
    const chain = await runCommand(['relay', network.chain.httpUrl], {});
    expect(chain.code).toBe(1);
    const nobody = await runCommand(['relay', `ws://localhost:${await freePort()}`], {});
    expect(nobody.code).toBe(1);
    expect(nobody.stderr).toMatch(/^rmb-peer relay: localhost:\d+ cannot be reached: .*ECONNREFUSED/);
    const server = createServer(() => undefined);
    const port = await freePort();
    await once(server.listen(port, '127.0.0.1'), 'listening');
    const silent = await runCommand(['relay', `http://127.0.0.1:${port}`, '-t', '0.5'], {});
    server.closeAllConnections();
    server.close();
    expect(silent.code).toBe(3);
    expect((await runCommand(['relay', 'ftp://x'], {})).code).toBe(2);
  });
});

describe('completion', () => {
  const script = async (shell: string) => (await runCommand(['completion', shell], {})).stdout;

  it('in bash offers commands, and the flags of each', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rmb-completion-'));
    const file = join(directory, 'rmb-peer.bash');
    await writeFile(file, await script('bash'));
    const complete = async (...words: string[]) => {
      const list = words.map((word) => `'${word}'`).join(' ');
      const ask = `source ${file}; COMP_WORDS=(rmb-peer ${list}); COMP_CWORD=${words.length}; _rmb_peer; echo "\${COMPREPLY[@]}"`;
      return (await run('bash', ['-c', ask])).stdout.trim().split(' ');
    };
    expect(await complete('')).toEqual(expect.arrayContaining(['call', 'serve', 'relay', '--print-config']));
    expect(await complete('re')).toEqual(['relay']);
    expect(await complete('call', '7', '--fa')).toEqual(['--fail-fast']);
    expect(await complete('ping', '--co')).toEqual(['--config', '--count'].reverse());
    await rm(directory, { recursive: true });
  });

  it('for zsh and fish is what they understand', async () => {
    ensureProgram('zsh', 'zsh');
    ensureProgram('fish', 'fish');
    const directory = await mkdtemp(join(tmpdir(), 'rmb-completion-'));
    const [zsh, fish] = [join(directory, '_rmb-peer'), join(directory, 'rmb-peer.fish')];
    await writeFile(zsh, await script('zsh'));
    await writeFile(fish, await script('fish'));
    await run('zsh', ['-n', zsh]);
    const defined = `compdef() { }; source ${zsh}; whence -w _rmb_peer`;
    expect((await run('zsh', ['-fc', defined])).stdout).toBe('_rmb_peer: function\n');
    const asked = `source ${fish}; complete -C 'rmb-peer call --fail'`;
    expect((await run('fish', ['--no-config', '-c', asked])).stdout).toContain('--fail-fast');
    await rm(directory, { recursive: true });
  });
});
