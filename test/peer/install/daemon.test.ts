import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEYS, QUEUES } from '../../../local-peer/redis/queues.ts';
import { DEV_TWINS } from '../../../tools/dev-chain/ledger/dev-twins.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { within } from '../../rig/clients/client.ts';
import { localRequest } from '../../rig/peer/peer.ts';
import { type PeerCommand, startPeerProcess } from '../../rig/peer/peer-process.ts';
import { startRedis } from '../../rig/redis/redis.ts';
import type { RedisRig } from '../../rig/redis/shared-redis.ts';
import { until } from '../../rig/until.ts';

/** The peer as a process: what operators rely on. */

const SECRET = DEV_TWINS.find(({ id }) => id === 1)?.secret ?? '';
let network: Network;
let redis: RedisRig;
let directory: string;
let secretFile: string;
beforeAll(async () => {
  network = await startNetwork();
  redis = await startRedis();
  directory = await mkdtemp(join(tmpdir(), 'rmb-daemon-'));
  secretFile = join(directory, 'mnemonic');
  await writeFile(secretFile, `${SECRET}\n`, { mode: 0o600 });
});
afterAll(async () => {
  await rm(directory, { recursive: true });
  await redis.close();
  await network[Symbol.asyncDispose]();
});

/** Returns the addresses of all servers, as environment variables. */
const places = () => ({
  RMB_REDIS: redis.url,
  RMB_SUBSTRATE: network.chain.wsUrl,
  RMB_RELAY: network.relay.wsUrl,
  RMB_STATUS: '0',
});
const start = (command: PeerCommand = {}) => startPeerProcess({ ...command, env: { ...places(), ...command.env } });

/** Resolves with the body of the first answer that has this status. */
async function answers(url: string, status: number): Promise<unknown> {
  return until(`${url} to answer ${status}`, async () => {
    const response = await fetch(url);
    const body: unknown = await response.json();
    return response.status === status && { body };
  }).then(({ body }) => body);
}

describe('the daemon at a signal', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('stops with 0 at %s', async (signal) => {
    await using peer = start({ env: { RMB_MNEMONIC_FILE: secretFile } });
    expect(await peer.ready()).toBe(
      `rmb-peer: twin 1 ready, redis ${new URL(redis.url).host}, relays ${new URL(network.relay.wsUrl).host}`,
    );
    peer.signal(signal);
    expect(await within(peer.ended, 'the end of the peer')).toBe(0);
    expect(peer.output()).toContain('"msg":"stopped"');
    // Off a terminal all that is logged is JSON, also what libraries say.
    const logged = peer
      .output()
      .split('\n')
      .filter((line) => !line.startsWith('rmb-peer: '));
    for (const line of logged) expect(JSON.parse(line)).toHaveProperty('msg');
  });

  it('sends all that it has claimed before its status server ends', async () => {
    await using peer = start({ env: { RMB_MNEMONIC_FILE: secretFile } });
    await peer.ready();
    const url = await peer.statusUrl();
    const program = createClient({ url: redis.url });
    await program.connect();
    await using receiver = await network.join(2);
    for (let n = 0; n < 200; n += 1) await program.lPush('msgbus.system.local', JSON.stringify(localRequest({})));
    const uids = new Set([(await receiver.next()).uid]);
    peer.signal('SIGTERM');
    await within(peer.ended, 'the end of the peer');
    // A message that no relay accepted waits for the next start, in the queue or, if it is claimed, in the hash beside it.
    const claimed = (await program.hKeys(KEYS.claimed(QUEUES.requests))).filter((field) => !field.includes('#'));
    const left = claimed.length + (await program.lLen(QUEUES.requests));
    while (uids.size < 200 - left) uids.add((await receiver.next()).uid);
    await program.del([QUEUES.requests, KEYS.claimed(QUEUES.requests)]);
    program.destroy();
    await expect(fetch(`${url}/readyz`)).rejects.toThrow();
  });

  it('ends at once with 1 at the second one', async () => {
    const endless = `const { stopSignal } = await import('./local-peer/daemon/stop-signal.ts');
      stopSignal().then(() => console.log('rmb-peer: twin is stopping'));
      setInterval(() => undefined, 1000);
      console.log(JSON.stringify({ msg: 'started' }));`;
    await using peer = startPeerProcess({ command: [process.execPath, '--input-type=module', '-e', endless] });
    await peer.logged('started');
    peer.signal('SIGTERM');
    await peer.ready();
    peer.signal('SIGTERM');
    expect(await within(peer.ended, 'the end of the process')).toBe(1);
  });
});

describe('the secret', () => {
  it.each<[string, () => PeerCommand]>([
    ['a file', () => ({ env: { RMB_MNEMONIC_FILE: secretFile } })],
    ['the environment', () => ({ env: { RMB_MNEMONIC: SECRET } })],
    ['a flag that names its file', () => ({ args: ['--mnemonic-file', secretFile] })],
  ])('given by %s is in no list of processes and in no log', async (_, command) => {
    await using peer = start({ ...command(), args: [...(command().args ?? []), '-dd'] });
    await peer.ready();
    expect(await readFile(`/proc/${peer.pid}/cmdline`, 'utf8')).not.toContain(SECRET);
    peer.signal('SIGTERM');
    await peer.ended;
    expect(peer.output()).not.toContain(SECRET);
    expect(peer.output()).not.toContain(SECRET.slice(2, 34));
    expect(peer.output()).not.toContain('can be read');
  });

  it('given by a flag brings a warning that others can read it', async () => {
    await using peer = start({ args: ['--seed', SECRET] });
    await peer.ready();
    expect(peer.output()).toContain('--seed is deprecated: use --mnemonic-file');
    expect(peer.output()).toContain('other users of this machine can read the flags of a process');
    expect(peer.output()).not.toContain(SECRET);
  });

  it('in a file that all can read brings a warning', async () => {
    const open = join(directory, 'open');
    await writeFile(open, SECRET, { mode: 0o644 });
    await using peer = start({ env: { RMB_MNEMONIC_FILE: open } });
    await peer.ready();
    expect(peer.output()).toContain('other users of this machine can read it: chmod 600');
  });
});

describe('a URL in the settings', () => {
  it('never shows its password, and may have its scheme in capitals', async () => {
    const [chain, relay] = [network.chain.wsUrl.replace('ws:', 'WS:'), new URL(network.relay.wsUrl).host];
    const env = { RMB_MNEMONIC: SECRET, RMB_SUBSTRATE: chain, RMB_RELAY: `ws://user:S3CRETword@${relay}` };
    await using peer = start({ env });
    expect(await peer.ready()).toContain(`relays ${relay}`);
    expect(peer.output()).not.toContain('S3CRETword');
  });
});

describe('a daemon that cannot start', () => {
  it.each([
    ['an unknown flag', { args: ['--relays', 'ws://a'] }, 'rmb-peer: there is no flag --relays'],
    ['a bad value', { env: { RMB_RELAY: 'ws://10.0.0.1' } }, 'rmb-peer: RMB_RELAY: must have a domain name'],
    ['no secret', {}, 'rmb-peer: no secret is given: name its file with --mnemonic-file'],
    ['a bad secret', { env: { RMB_MNEMONIC: 'S3CRET words' } }, 'rmb-peer: RMB_MNEMONIC: 12 to 24 words'],
  ])('exits with 2 and names the cause: %s', async (_, command, message) => {
    await using peer = start(command);
    expect(await within(peer.ended, 'the end of the peer')).toBe(2);
    expect(peer.output()).toContain(message);
    expect(peer.output()).not.toContain('S3CRET');
  });

  it('exits with 1 when its status address is in use', async () => {
    const taken = new URL(network.relay.wsUrl).port;
    await using peer = start({ env: { RMB_MNEMONIC: SECRET, RMB_STATUS: `127.0.0.1:${taken}` } });
    expect(await within(peer.ended, 'the end of the peer')).toBe(1);
    expect(peer.output()).toContain(`rmb-peer: --status: 127.0.0.1:${taken} cannot be listened on`);
  });
});

describe('--print-config', () => {
  it('prints the settings in force, and exits with 2 when they are wrong', async () => {
    await using good = start({ args: ['--print-config'], env: { RMB_MNEMONIC: SECRET } });
    expect(await good.ended).toBe(0);
    expect(good.output()).toContain('mnemonic = "***"  # RMB_MNEMONIC');
    expect(good.output()).toContain(`redis = "${redis.url}"  # RMB_REDIS`);
    await using bad = start({ args: ['--print-config', '-k', 'rsa'] });
    expect(await bad.ended).toBe(2);
    expect(bad.output()).toContain('key-type = "rsa"  # --key-type');
  });
});

describe('the status', () => {
  it('is served on request, and only to this machine', async () => {
    await using silent = start({ env: { RMB_MNEMONIC: SECRET, RMB_STATUS: '' } });
    await silent.ready();
    expect(silent.output()).not.toContain('status: listening');
    silent.signal('SIGTERM');
    await silent.ended;
    await using peer = start({ env: { RMB_MNEMONIC: SECRET } });
    expect(await peer.statusUrl()).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('is ready with Redis and a relay, and names what is down', async () => {
    await using peer = start({ env: { RMB_MNEMONIC: SECRET, RMB_RELAY: `${network.relay.wsUrl} ws://localhost:9` } });
    const url = await peer.statusUrl();
    expect(await answers(`${url}/healthz`, 200)).toMatchObject({ alive: true });
    await peer.ready();
    expect(await answers(`${url}/readyz`, 200)).toMatchObject({
      ready: true,
      twin: 1,
      stopping: false,
      // Our twin may be listed as well, until its update is in a block.
      notUp: expect.arrayContaining([{ part: 'relay localhost:9', why: expect.stringMatching(/./) }]),
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain(`rmb_peer_relay_up{relay="${new URL(network.relay.wsUrl).host}"} 1`);
    expect(metrics).toContain('rmb_peer_relay_up{relay="localhost:9"} 0');
    expect(metrics).toContain('rmb_peer_ready 1');
  });
});
