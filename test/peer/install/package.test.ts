import { spawnSync } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { identityOf } from '../../../proto/identity.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { within } from '../../rig/clients/client.ts';
import { type PackedPeer, packPeer } from '../../rig/peer/packed-peer.ts';
import { localRequest } from '../../rig/peer/peer.ts';
import { type PeerProcess, startPeerProcess } from '../../rig/peer/peer-process.ts';
import { startService } from '../../rig/peer/service.ts';
import { startRedis } from '../../rig/redis/redis.ts';

/** The package, as its users have it: alone, on Node 22; and on a Node that is too old. */

const ROUND_TRIPS = 10_000;
const MOST_MEMORY_MB = 150;
/** The limit of the unpacked size, in bytes. */
const LARGEST = 6 * 2 ** 20;

let packed: PackedPeer;
let network: Network;
beforeAll(async () => {
  packed = await packPeer();
  network = await startNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await packed[Symbol.asyncDispose]();
});

/** A packed peer with the keys that most twins have: it signs sr25519, and encrypts, as the chain has its key. */
async function startTwin(id: number, redisUrl: string): Promise<PeerProcess> {
  const secret = `0x${String(id).padStart(2, '0').repeat(32)}`;
  const identity = await identityOf(secret, 'sr25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  const hex = (bytes: Uint8Array): `0x${string}` => `0x${Buffer.from(bytes).toString('hex')}`;
  const relay = new URL(network.relay.wsUrl).host;
  const { account, e2ePublicKey } = identity.value;
  network.chain.putTwin({ id, account: hex(account), relay, pk: hex(e2ePublicKey) });
  const args = ['-r', redisUrl, '-s', network.chain.wsUrl, '--relay', network.relay.wsUrl];
  return startPeerProcess({
    command: packed.command,
    args: [...args, '--no-update', '--status', '0'],
    env: { RMB_MNEMONIC: secret },
    cwd: packed.folder,
  });
}

/** Returns the version of a Node without its `v`. */
function versionOf(node: string): string {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1);
}

/** The most that a process has had in memory, MB. */
async function peakMemoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

it('the package is small, installs nothing else, and prints its version', async () => {
  expect(packed.installed).toEqual(['rmb-peer']);
  const folder = join(packed.folder, 'node_modules/rmb-peer');
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  expect(manifest.dependencies).toBeUndefined();
  const files = (await readdir(folder, { recursive: true })).map((file) => stat(join(folder, file)));
  expect((await Promise.all(files)).reduce((sum, { size }) => sum + size, 0)).toBeLessThan(LARGEST);
  expect(await readFile(join(folder, 'dist/THIRD-PARTY.txt'), 'utf8')).toMatch(/^@polkadot\/api .*Apache-2\.0/m);
  expect(await packed.npx('--version')).toMatch(
    new RegExp(`^${manifest.version.replaceAll('.', '\\.')}( \\([0-9a-f]{7,}(-dirty)?\\))?\n$`),
  );
});

it.each([16, 18, 20])('the package names on Node %d the Node that it needs', async (major) => {
  const node = await packed.oldNode(major);
  for (const args of [[], ['--version'], ['call', '7', 'rmb.version']]) {
    const run = spawnSync(node, [packed.command[1], ...args], { encoding: 'utf8' });
    expect(run.stderr).toBe(`rmb-peer: needs Node 22 or later, but this is Node ${versionOf(node)} (${node})\n`);
    expect([run.stdout, run.status]).toEqual(['', 1]);
  }
});

it('the package carries 10,000 requests and answers between two peers in 150 MB each', async () => {
  await using callers = await startRedis();
  await using callees = await startRedis();
  await using caller = await startTwin(61, callers.url);
  await using callee = await startTwin(62, callees.url);
  await using _ = await startService(callees.url, 'test.echo', (payload) => ({ dat: payload }));
  await Promise.all([caller.ready(), callee.ready()]);
  const program = createClient({ url: callers.url });
  await program.connect();
  const missing = new Set(Array.from({ length: ROUND_TRIPS }, (_, n) => String(n)));
  const entries = [...missing].map((ref) => JSON.stringify(localRequest({ ref, dst: [62], exp: 600 })));
  for (let n = 0; n < entries.length; n += 500) await program.lPush('msgbus.system.local', entries.slice(n, n + 500));
  while (missing.size > 0) {
    const popped = await program.brPop('replies', 120);
    if (popped === null) throw new Error(`${missing.size} of ${ROUND_TRIPS} requests were not answered`);
    const { ref, dat, err } = JSON.parse(popped.element);
    expect(err).toBeNull();
    expect(dat).toBe('aGVsbG8=');
    expect(missing.delete(ref)).toBe(true);
  }
  program.destroy();
  for (const peer of [caller, callee]) {
    expect(await peakMemoryOf(peer.pid)).toBeLessThan(MOST_MEMORY_MB);
    const metrics = await (await fetch(`${await peer.statusUrl()}/metrics`)).text();
    expect(metrics).toContain('nodejs_version_info{version="v22.');
    peer.signal('SIGTERM');
    expect(await within(peer.ended, 'the end of the peer')).toBe(0);
  }
});
