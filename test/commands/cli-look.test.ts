import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ss58Address } from '../../proto/identity.ts';
import { freePort } from '../../tools/local-relay/port.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { asTwin, runCommand } from '../rig/peer/command.ts';

/** The commands that look without a session: `twin`, `relay`. */

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

  it('prints what the chain says of an id or account without a secret, and of our own twin without ID', async () => {
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
    expect(stdout).toContain('none: messages to it are signed, not encrypted');
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
    expect(stdout).toContain('\nrelays   a.example (on chain: a.example_ [2J relays   forged.example)\n');
  });

  it('exits with 4 for an unknown twin, and needs a secret for our own', async () => {
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

  it('prints the state of this relay', async () => {
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

  it('prints state and clock of a relay that has /metrics alone', async () => {
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
    expect(text.stdout).toContain('set the wrong clock (NTP)');
    const { isRelay, version, ready, clockSkewSeconds } = report.parse(JSON.parse(json.stdout));
    expect({ isRelay, version, ready }).toEqual({ isRelay: true, version: null, ready: null });
    expect(Math.abs((clockSkewSeconds ?? 0) - 600)).toBeLessThan(60);
  });

  it('exits with 1 without a relay, with 3 for a silent one and with 2 without a URL', async () => {
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
