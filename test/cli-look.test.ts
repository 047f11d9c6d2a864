import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { freePort } from '../local-relay/port.ts';
import { ss58Address } from '../proto/identity.ts';
import { asTwin, runCommand } from './rig/command.ts';
import { ensureProgram } from './rig/debian.ts';
import { type Network, startNetwork } from './rig/network.ts';

/** The commands that look without a session: `twin`, `relay`, `completion`. */

const run = promisify(execFile);

let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

describe('twin', () => {
  const record = z.object({
    id: z.number(),
    account: z.string(),
    relays: z.array(z.string()),
    pk: z.string().nullable(),
    key: z.string(),
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
    const two = { id: 2, account, relays: [home], pk: null, key: 'absent' };
    const [byId, byAccount, own, { stdout }] = await Promise.all([
      asked(['2'], chain),
      asked([account], chain),
      asked([], asTwin(network, 6)),
      runCommand(['twin', '2'], chain),
    ]);
    expect(byId).toEqual(two);
    expect(byAccount).toEqual(two);
    expect(own).toMatchObject({ id: 6, relays: [home] });
    expect(stdout).toContain(`account  ${account}\n`);
    expect(stdout).toContain('none: what is sent to it is signed, not encrypted');
  });

  it('names a key that nobody can encrypt with', async () => {
    const account = `0x${Buffer.from((await network.identity(4)).account).toString('hex')}` as const;
    network.chain.putTwin({ id: 4, account, relay: null, pk: '0x0102' });
    const chain = { RMB_SUBSTRATE: network.chain.wsUrl };
    expect(await asked(['4'], chain)).toMatchObject({ pk: '0x0102', key: 'broken' });
    const { stdout } = await runCommand(['twin', '4'], chain);
    expect(stdout).toContain(
      'key      0x0102\n         the key of twin 4 on chain is no secp256k1 public key: its owner',
    );
  });

  it('lets no twin write on the terminal what it wrote on chain', async () => {
    await network.settle(3, 'a.example_\u001b[2J\r\nrelays   forged.example');
    const { stdout } = await runCommand(['twin', '3'], { RMB_SUBSTRATE: network.chain.wsUrl });
    expect(stdout).toContain('\nrelays   a.example (as it stands there: a.example_ [2J relays   forged.example)\n');
  });

  it('is 4 for a twin that the chain does not know, and needs a secret for our own', async () => {
    const chain = { RMB_SUBSTRATE: network.chain.wsUrl };
    const unknown = await runCommand(['twin', '99'], chain);
    expect(unknown.code).toBe(4);
    expect(unknown.stderr).toContain(`TfgridModule.Twins at ${network.chain.wsUrl} has nothing under 99`);
    expect((await runCommand(['twin'], chain)).stderr).toContain(
      'no secret is given: name its file with --mnemonic-file',
    );
  });
});

describe('relay', () => {
  const report = z.object({
    isRelay: z.boolean(),
    version: z.string().nullable(),
    domains: z.array(z.string()).nullable(),
    ready: z.boolean().nullable(),
    pages: z.record(z.string(), z.number()),
    roundTrip: z.object({ p50: z.number(), max: z.number() }),
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
    const server = createServer(({ url }, response) => {
      // Ten minutes ahead.
      response.setHeader('date', new Date(Date.now() + 600_000).toUTCString());
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
