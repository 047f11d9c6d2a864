import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { startRelay } from '../local-relay/relay.ts';
import { identityOf, type KeyType } from '../proto/identity.ts';
import { launch } from '../test/rig/process.ts';
import { startRedis } from '../test/rig/redis.ts';
import { runPrograms, startEcho } from './peer-load.ts';
import { HEAD, type Measured, rowOf } from './peer-table.ts';
import { peakMemory, type Shares, sharesOf } from './processors.ts';

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
    /** Bundles to measure in turns, commas between; absent: the one of this work tree, made anew. */
    peers: { type: 'string' },
    /** Directory for profiles of the peers' processors, one a process. */
    profile: { type: 'string' },
    /** File for the figures, JSON. */
    json: { type: 'string' },
  },
});
const [seconds, bytes] = [Number(values.seconds), Number(values.bytes)];
const windows = values.windows.split(',').map(Number);
const ROOT = join(import.meta.dirname, '..');
if (values.peers === undefined) execFileSync(process.execPath, ['scripts/bundle-peer.ts'], { cwd: ROOT });
const bundles = (values.peers ?? join(ROOT, 'local-peer/dist/rmb-peer.mjs')).split(',');
const profiling = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];

await using chain = await startDevChain({ blockTimeMs: 6000 });
await using relay = await startRelay({ direct: true, settings: { SUBSTRATE_URLS: chain.wsUrl } });
const hex = (each: Uint8Array): `0x${string}` => `0x${Buffer.from(each).toString('hex')}`;

/** A peer under measurement. */
interface BenchPeer {
  readonly pid: number;
  readonly redis: string;
}

/** A peer of a new twin, which has its key on chain. */
async function startPeer(
  bundle: string,
  twin: number,
  keyType: KeyType,
  stack: AsyncDisposableStack,
): Promise<BenchPeer> {
  const secret = `0x${String(twin).repeat(32)}`;
  const identity = await identityOf(secret, keyType);
  if (!identity.ok) throw new Error(identity.error.detail);
  const { account, e2ePublicKey } = identity.value;
  chain.putTwin({ id: twin, account: hex(account), relay: new URL(relay.wsUrl).host, pk: hex(e2ePublicKey) });
  const redis = stack.use(await startRedis());
  const flags = ['-m', secret, '-k', keyType, '-r', redis.url, '-s', chain.wsUrl, '--relay', relay.wsUrl];
  const peer = await launch([...profiling, bundle, ...flags, '--no-update', '--status', '0']);
  stack.defer(async () => void (await peer.stop('SIGTERM')));
  return { pid: peer.pid, redis: redis.url };
}

/** Processor time a round trip, ms. */
function each(before: Shares, after: Shares, roundTrips: number): Shares {
  const per = (part: keyof Shares) => (after[part] - before[part]) / roundTrips;
  return { peers: per('peers'), relay: per('relay'), redis: per('redis'), load: per('load') };
}

/** Programs of twin `first`, a service of the twin after it; prints a row for each window. */
async function measure(bundle: string, keyType: KeyType, first: number): Promise<Measured[]> {
  await using stack = new AsyncDisposableStack();
  const caller = await startPeer(bundle, first, keyType, stack);
  const callee = await startPeer(bundle, first + 1, keyType, stack);
  stack.use(await startEcho(callee.redis));
  const pids = [caller.pid, callee.pid];
  const run = (name: string, count: number, end: number) =>
    runPrograms(caller.redis, first + 1, { name, count, bytes, end });
  await run('warm', 8, performance.now() + 2000);
  const rows: Measured[] = [];
  for (const window of windows) {
    const [began, before] = [performance.now(), sharesOf(pids)];
    const took = (await run(`bench.${window}`, window, began + seconds * 1000)).sort((a, b) => a - b);
    const rate = took.length / ((performance.now() - began) / 1000);
    const share = each(before, sharesOf(pids), took.length);
    const at = (part: number) => took[Math.floor(took.length * part)] ?? 0;
    const memory = peakMemory(pids);
    const row = { bundle, keyType, window, rate, p50: at(0.5), p99: at(0.99), each: share, memory };
    console.log(rowOf(row));
    rows.push(row);
  }
  return rows;
}

console.log(`${bytes} B; processor time of each part, ms a round trip; memory of the larger peer, at most\n\n${HEAD}`);
const all: Measured[] = [];
let twin = 10;
for (const keyType of ['sr25519', 'ed25519'] as const) {
  if (!values.keys.split(',').includes(keyType)) continue;
  for (const bundle of bundles) {
    if (bundles.length > 1) console.log(bundle);
    all.push(...(await measure(bundle, keyType, twin)));
    twin += 2;
  }
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(all, null, 1)}\n`);
