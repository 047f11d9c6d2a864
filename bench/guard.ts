import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { bare, type Contender, product } from './contenders.ts';
import { ratios, spread } from './judge.ts';
import type { Measure } from './measure.ts';
import { decimal } from './table.ts';
import { benchEntries } from './twins.ts';
import { measureLanes, pairs } from './work/lanes.ts';

/**
 * Whether the relay is still as fast as it was: its rate as a part of the bare worker's, both measured in turns now, so
 * that a slow machine slows both. `npm run bench:guard` fails when that part is below three quarters of what it
 * mostly was; `-- --record` adds it to bench/guard.json, once for each change that is meant to be faster or slower.
 */
const FILE = join(import.meta.dirname, 'guard.json');
const TURNS = 5;
const KEPT = 5;
const ALARM = 0.75;
const TIMES = { warm: 700, run: 1200 };

const { values } = parseArgs({ options: { record: { type: 'boolean', default: false } } });
const recorded = z
  .array(z.number().positive())
  .max(KEPT)
  .parse(JSON.parse(readFileSync(FILE, 'utf8')));

await using chain = await startDevChain({ twins: await benchEntries() });
const part = await measurePart(product(chain.httpUrl), bare());
const usual = spread(recorded)?.median;
console.log(
  `guard: 8 pairs × 32 in flight at ${decimal(part)} of the bare worker's rate; usual: ${usual === undefined ? 'not recorded' : decimal(usual)}`,
);
if (values.record) {
  const next = [...recorded, Number(part.toFixed(3))].slice(-KEPT);
  // As the formatter has it.
  writeFileSync(FILE, `[${next.join(', ')}]\n`);
} else if (usual !== undefined && part < usual * ALARM) {
  console.error(
    `guard: FAILED, below ${decimal(usual * ALARM)}: a message costs more than before. npm run bench:profile shows what; if that is meant, record it: npm run bench:guard -- --record`,
  );
  process.exitCode = 1;
}
// What the relays and the chain keep open for reuse must not hold us up.
process.exit();

/** The median of what one rate is of the other, in turns. */
async function measurePart(ours: Contender, theirs: Contender): Promise<number> {
  await using relay = await ours.start();
  await using yardstick = await theirs.start();
  const runs: { ours: Measure[]; theirs: Measure[] } = { ours: [], theirs: [] };
  for (let turn = 0; turn < TURNS; turn += 1) {
    runs.ours.push(await measureOne(relay));
    runs.theirs.push(await measureOne(yardstick));
  }
  const part = ratios(runs.ours, runs.theirs, ({ rate }) => rate);
  if (part === undefined) throw new Error('nothing was measured');
  return part.median;
}

function measureOne(running: Awaited<ReturnType<Contender['start']>>): Promise<Measure> {
  return measureLanes(running, { ways: pairs(8), flight: 32, bytes: 256, threads: 1 }, TIMES);
}
