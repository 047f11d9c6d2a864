import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { KeyType } from '../../proto/identity.ts';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { startRelay } from '../local-relay/relay.ts';
import { peakMemory, type Shares, sharesOf } from './contenders/processors.ts';
import { runPrograms } from './peer/peer-load.ts';
import { type Pair, type PeerProgram, startPair } from './peer/peer-pair.ts';
import { HEAD, type Measured, type Run, rowOf, summaryOf } from './peer/peer-table.ts';

/**
 * Measures round trips a second from a program through two peers (bundled processes), a relay and two Redis on this
 * machine. Each of `window` programs sends a request, awaits its reply, and repeats. All messages are encrypted.
 */
const { values } = parseArgs({
  options: {
    windows: { type: 'string', default: '1,8,64' },
    seconds: { type: 'string', default: '6' },
    turns: { type: 'string', default: '1' },
    bytes: { type: 'string', default: '256' },
    keys: { type: 'string', default: 'sr25519,ed25519' },
    /** Bundles to measure in turns, separated by commas; absent: a fresh bundle of this work tree. */
    peers: { type: 'string' },
    /** Another peer to measure in turns: a program that accepts rmb-peer's flags. */
    against: { type: 'string' },
    /** Directory for processor profiles, one for each peer process. */
    profile: { type: 'string' },
    /** File for the figures, JSON. */
    json: { type: 'string' },
  },
});
const [seconds, bytes] = [Number(values.seconds), Number(values.bytes)];
const windows = values.windows.split(',').map(Number);
const turns = Number(values.turns);
/** By then V8 has compiled the peers, which run for months. */
const WARM = { programs: 64, seconds: 8 };
const ROOT = join(import.meta.dirname, '../..');
if (values.peers === undefined) execFileSync(process.execPath, ['tools/build/bundle-peer.ts'], { cwd: ROOT });

/** The measured programs, by their names in the table. */
function contenders(): Map<string, PeerProgram> {
  const bundles = (values.peers ?? join(ROOT, 'local-peer/dist/rmb-peer.mjs')).split(',');
  const profiling = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const ours = bundles.map((bundle): [string, PeerProgram] => [
    bundles.length > 1 ? bundle : 'RMB edge',
    [process.execPath, ...profiling, bundle, '--status', '0'],
  ]);
  return new Map([...ours, ...(values.against === undefined ? [] : [['against', [values.against]] as const])]);
}

/** Processor time a round trip, ms. */
function each(before: Shares, after: Shares, roundTrips: number): Shares {
  const per = (part: keyof Shares) => (after[part] - before[part]) / roundTrips;
  return { peers: per('peers'), relay: per('relay'), redis: per('redis'), load: per('load') };
}

/** Runs `window` programs for `seconds`. @param name of their reply lists */
async function run({ pids, redis, callee }: Pair, name: string, window: number): Promise<Run> {
  const [began, before] = [performance.now(), sharesOf(pids)];
  const end = began + seconds * 1000;
  const took = (await runPrograms(redis, callee, { name, count: window, bytes, end })).sort((a, b) => a - b);
  const at = (part: number) => took[Math.floor(took.length * part)] ?? 0;
  return {
    rate: took.length / ((performance.now() - began) / 1000),
    p50: at(0.5),
    p99: at(0.99),
    each: each(before, sharesOf(pids), took.length),
    memory: peakMemory(pids),
  };
}

/** Measures all contenders in turns; prints a row for each window of each. */
async function measure(keyType: KeyType, first: number, stack: AsyncDisposableStack): Promise<Measured[]> {
  const pairs = new Map<string, Pair>();
  for (const [name, program] of contenders()) {
    const pair = await startPair(program, first + 2 * pairs.size, keyType, { chain, relay: relay.wsUrl }, stack);
    const end = performance.now() + WARM.seconds * 1000;
    await runPrograms(pair.redis, pair.callee, { name: 'warm', count: WARM.programs, bytes, end });
    pairs.set(name, pair);
  }
  const all = windows.flatMap((window) =>
    [...pairs].map(([name, pair]) => ({ name, pair, window, runs: [] as Run[] })),
  );
  for (let turn = 0; turn < turns; turn += 1) {
    for (const { pair, window, runs } of all) runs.push(await run(pair, `bench.${turn}.${window}`, window));
  }
  const measured = all.map(({ name, window, runs }) => ({ name, keyType, window, ...summaryOf(runs) }));
  for (const each of measured) console.log(rowOf(each, measured));
  return measured;
}

await using chain = await startDevChain({ blockTimeMs: 6000 });
await using relay = await startRelay({ direct: true, settings: { SUBSTRATE_URLS: chain.wsUrl } });
console.log(`${bytes} B; processor time of each part, ms a round trip; memory of the larger peer, at most\n\n${HEAD}`);
const all: Measured[] = [];
let first = 10;
for (const keyType of ['sr25519', 'ed25519'] as const) {
  if (!values.keys.split(',').includes(keyType)) continue;
  await using stack = new AsyncDisposableStack();
  all.push(...(await measure(keyType, first, stack)));
  first += 2 * contenders().size;
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(all, null, 1)}\n`);
