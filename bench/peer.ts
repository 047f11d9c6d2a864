import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createClient } from 'redis';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { startRelay } from '../local-relay/relay.ts';
import { identityOf, type KeyType } from '../proto/identity.ts';
import { launch } from '../test/rig/process.ts';
import { startRedis } from '../test/rig/redis.ts';
import { startService } from '../test/rig/service.ts';

/**
 * Round trips a second from a program through two peers (processes, bundled as users have them), a relay and two
 * Redis on this machine: each of `window` programs asks, awaits its answer, and asks again. All is encrypted.
 */
const { values } = parseArgs({
  options: {
    windows: { type: 'string', default: '1,8,64' },
    seconds: { type: 'string', default: '8' },
    bytes: { type: 'string', default: '256' },
    keys: { type: 'string', default: 'sr25519,ed25519' },
  },
});
const [seconds, bytes] = [Number(values.seconds), Number(values.bytes)];
const ROOT = join(import.meta.dirname, '..');
const PEER = 'local-peer/dist/rmb-peer.mjs';
execFileSync(process.execPath, ['scripts/bundle-peer.ts'], { cwd: ROOT });

await using stack = new AsyncDisposableStack();
const chain = stack.use(await startDevChain({ blockTimeMs: 500 }));
const relay = stack.use(await startRelay({ settings: { SUBSTRATE_URLS: chain.wsUrl } }));
const hex = (each: Uint8Array): `0x${string}` => `0x${Buffer.from(each).toString('hex')}`;

/** A peer under measurement. */
interface BenchPeer {
  readonly pid: number;
  readonly redis: string;
}

/** A peer of a new twin, which has its key on chain. */
async function startPeer(twin: number, keyType: KeyType): Promise<BenchPeer> {
  const secret = `0x${String(twin).repeat(32)}`;
  const identity = await identityOf(secret, keyType);
  if (!identity.ok) throw new Error(identity.error.detail);
  const { account, e2ePublicKey } = identity.value;
  chain.putTwin({ id: twin, account: hex(account), relay: new URL(relay.wsUrl).host, pk: hex(e2ePublicKey) });
  const redis = stack.use(await startRedis());
  const flags = ['-m', secret, '-k', keyType, '-r', redis.url, '-s', chain.wsUrl, '--relay', relay.wsUrl];
  const peer = await launch([PEER, ...flags, '--no-update', '--status', '0']);
  stack.defer(async () => void (await peer.stop('SIGTERM')));
  return { pid: peer.pid, redis: redis.url };
}

/** Processor time of the peers so far, ms; Linux counts it in hundredths of a second. */
async function timeOf(peers: readonly BenchPeer[]): Promise<number> {
  const times = peers.map(async ({ pid }) => {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  });
  return (await Promise.all(times)).reduce((sum, each) => sum + each, 0);
}

/** The most that one of the peers has had in memory, MB. */
async function memoryOf(peers: readonly BenchPeer[]): Promise<number> {
  const peaks = peers.map(async ({ pid }) => {
    const [, peak] = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(peak) / 1024;
  });
  return Math.max(...(await Promise.all(peaks)));
}

/** One program: asks until `end` (ms); the time each answer took. */
async function program(url: string, callee: number, name: string, end: number): Promise<number[]> {
  const redis = createClient({ url });
  await redis.connect();
  const dat = Buffer.alloc(bytes, 7).toString('base64');
  const took: number[] = [];
  while (performance.now() < end) {
    const began = performance.now();
    const now = Math.floor(Date.now() / 1000);
    const request = { ver: 1, ref: name, cmd: 'bench.echo', exp: 60, dat, dst: [callee], ret: name, now };
    await redis.lPush('msgbus.system.local', JSON.stringify(request));
    const answer = await redis.brPop(name, 20);
    if (answer === null) throw new Error('no answer within 20 s');
    const { err } = JSON.parse(answer.element);
    if (err !== null) throw new Error(`the answer is an error: ${JSON.stringify(err)}`);
    took.push(performance.now() - began);
  }
  redis.destroy();
  return took;
}

/** Programs of twin `first`, a service of the twin after it; prints a row for each window. */
async function measure(keyType: KeyType, first: number): Promise<void> {
  const [caller, callee] = [await startPeer(first, keyType), await startPeer(first + 1, keyType)];
  stack.use(await startService(callee.redis, 'bench.echo', (payload) => ({ dat: payload })));
  const peers = [caller, callee];
  const run = (name: string, window: number, end: number) =>
    Promise.all(Array.from({ length: window }, (_, n) => program(caller.redis, first + 1, `${name}.${n}`, end)));
  await run('warm', 8, performance.now() + 2000);
  for (const window of values.windows.split(',').map(Number)) {
    const [began, busy] = [performance.now(), await timeOf(peers)];
    const took = (await run(`bench.${window}`, window, began + seconds * 1000)).flat().sort((a, b) => a - b);
    const elapsed = (performance.now() - began) / 1000;
    const cost = ((await timeOf(peers)) - busy) / took.length;
    const at = (part: number) => (took[Math.floor(took.length * part)] ?? 0).toFixed(1);
    const rate = (took.length / elapsed).toFixed(0);
    const memory = (await memoryOf(peers)).toFixed(0);
    row([keyType, window, `${rate}/s`, `${at(0.5)} ms`, `${at(0.99)} ms`, `${cost.toFixed(2)} ms`, `${memory} MB`]);
  }
}

function row(cells: readonly (string | number)[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

console.log(`${bytes} B; processor time of both peers for one round trip; memory of the larger one, at most\n`);
row(['keys', 'window', 'round trips', 'p50', 'p99', 'processors', 'memory']);
row(['---', '---', '---', '---', '---', '---', '---']);
const keys: readonly (readonly [KeyType, number])[] = [
  ['sr25519', 71],
  ['ed25519', 81],
];
for (const [keyType, first] of keys) if (values.keys.split(',').includes(keyType)) await measure(keyType, first);
