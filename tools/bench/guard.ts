import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { bare, type Contender, product } from './contenders/contenders.ts';
import type { Measure } from './contenders/measure.ts';
import { benchEntries } from './contenders/twins.ts';
import { ratios, spread } from './judge.ts';
import { decimal } from './table.ts';
import { measureLanes, pairs } from './work/lanes.ts';

/**
 * Checks the relay's cost of a message: the bare worker's processor time for a message, as a part of the relay's. It is
 * processor time, not rate, so a busy machine fails nothing. Both are measured in turns, in opposite order each time, and
 * the median counts. `npm run bench:guard` fails when the part is below three quarters of the median of earlier records.
 * `-- --record` adds it to tools/bench/guard.json, once for each intended change of the cost.
 */
const FILE = join(import.meta.dirname, 'guard.json');
const TURNS = 7;
const KEPT = 5;
const ALARM = 0.75;
const TIMES = { warm: 500, run: 1000 };

const { values } = parseArgs({ options: { record: { type: 'boolean', default: false } } });
const recorded = z
  .array(z.number().positive())
  .max(KEPT)
  .parse(JSON.parse(readFileSync(FILE, 'utf8')));

await using chain = await startDevChain({ twins: await benchEntries() });
const part = await measurePart(product(chain.httpUrl), bare());
const usual = spread(recorded)?.median;
console.log(
  `guard: 8 pairs × 32 in flight: the bare worker needs ${decimal(part)} of the relay's processor time for a message; usual: ${usual === undefined ? 'not recorded' : decimal(usual)}`,
);
if (values.record) {
  const next = [...recorded, Number(part.toFixed(3))].slice(-KEPT);
  // In the form of the formatter.
  writeFileSync(FILE, `[${next.join(', ')}]\n`);
} else if (usual !== undefined && part < usual * ALARM) {
  console.error(
    `guard: FAILED, below ${decimal(usual * ALARM)}: a message costs more than before. Find the cause with npm run bench:profile; record an intended change: npm run bench:guard -- --record`,
  );
  process.exitCode = 1;
}
// Relays and chain keep connections open for reuse, which would delay the exit.
process.exit();

/** Resolves with the median part: the bare worker's processor time for a message divided by the relay's. */
async function measurePart(ours: Contender, theirs: Contender): Promise<number> {
  await using relay = await ours.start();
  await using yardstick = await theirs.start();
  const runs: { ours: Measure[]; theirs: Measure[] } = { ours: [], theirs: [] };
  for (let turn = 0; turn < TURNS; turn += 1) {
    const ours = async () => runs.ours.push(await measureOne(relay));
    const theirs = async () => runs.theirs.push(await measureOne(yardstick));
    for (const measure of turn % 2 === 0 ? [ours, theirs] : [theirs, ours]) await measure();
  }
  const part = ratios(runs.theirs, runs.ours, ({ cpu }) => cpu);
  if (part === undefined) throw new Error('nothing was measured');
  return part.median;
}

function measureOne(running: Awaited<ReturnType<Contender['start']>>): Promise<Measure> {
  return measureLanes(running, { ways: pairs(8), flight: 32, bytes: 256, threads: 1 }, TIMES);
}
