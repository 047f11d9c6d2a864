import { mkdtemp, rm } from 'node:fs/promises';
import { getPriority, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { thisMachine } from '../contenders/machine.ts';
import { bundleClients } from './bundles.ts';
import { COMMAND, type Ran } from './messages.ts';
import { type Caller, startCaller } from './process.ts';
import { setStage } from './stage.ts';
import type { ClientRecord, ClientsRecord } from './table.ts';

const NPM_CLIENT = '@threefold/rmb_direct_client';
const WINDOWS = [1, 8, 64];
const BYTES = 256;
/** V8 compiles during the first thousands of calls. */
const WARM_S = 4;
/** The npm client takes a second for each call. */
const RUN_S = { short: 2, full: 5 };
const TURNS = { short: 1, full: 3 };

/** Starts of one client; the first one is measured further. */
type Starts = readonly [Caller, ...Caller[]];

/** Measures both clients and the transport below them, in turns, through one relay. */
export async function measureClients(isFull: boolean): Promise<ClientsRecord> {
  const size = isFull ? 'full' : 'short';
  const before = loadavg()[0] ?? 0;
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'rmb-bench-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const bundles = await bundleClients(directory, NPM_CLIENT);
  const { callers, ...stage } = await setStage(stack, BYTES);
  const start = async (kind: keyof typeof callers, file: string) =>
    stack.use(await startCaller({ kind, file, ...stage, ...callers[kind], command: COMMAND, bytes: BYTES }));
  // The first connection of the npm client writes its twin on chain; that is not counted.
  (await start('npm', NPM_CLIENT))[Symbol.dispose]();
  const ours: [Caller, ...Caller[]] = [await start('ours', bundles.node)];
  const npm: [Caller, ...Caller[]] = [await start('npm', NPM_CLIENT)];
  for (let turn = 1; turn < TURNS[size]; turn += 1) {
    ours.push(await start('ours', bundles.node));
    npm.push(await start('npm', NPM_CLIENT));
  }
  const bare = await start('bare', '');
  const runs = await runTurns({ ours: ours[0], npm: npm[0], bare }, TURNS[size], RUN_S[size]);
  return {
    machine: thisMachine(),
    busy: [before, loadavg()[0] ?? 0],
    niceness: getPriority(),
    bytes: BYTES,
    bare: runs.bare,
    ours: recordOf(ours, bundles.ours, runs.ours),
    npm: recordOf(npm, bundles.npm, runs.npm),
  };
}

type Runs = { readonly bare: Ran[] } & Record<'ours' | 'npm', { readonly window: number; readonly runs: Ran[] }[]>;

/** Takes turns, because a slow minute of the machine slows all. */
async function runTurns(
  { ours, npm, bare }: Record<'ours' | 'npm' | 'bare', Caller>,
  turns: number,
  seconds: number,
): Promise<Runs> {
  await ours.call({ window: 64, seconds: WARM_S });
  await bare.call({ window: 1, seconds: WARM_S });
  const empty = () => WINDOWS.map((window) => ({ window, runs: [] as Ran[] }));
  const all: Runs = { bare: [], ours: empty(), npm: empty() };
  for (let turn = 0; turn < turns; turn += 1) {
    all.bare.push(await bare.call({ window: 1, seconds }));
    for (const [name, caller] of [['ours', ours] as const, ['npm', npm] as const]) {
      for (const { window, runs } of all[name]) {
        const ran = await caller.call({ window, seconds });
        process.stderr.write(`${name}, ${window} at once: ${ran.rate.toFixed(1)} calls/s\n`);
        runs.push(ran);
      }
    }
  }
  return all;
}

function recordOf(starts: Starts, bytes: ClientRecord['bytes'], works: ClientRecord['works']): ClientRecord {
  const [first] = starts;
  return {
    load: starts.map(({ ms }) => ms),
    bytes,
    memory: { connected: first.connected, peak: first.peak() },
    works,
  };
}
