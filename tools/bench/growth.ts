import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { bare, type Contender, product } from './contenders/contenders.ts';
import { thisMachine } from './contenders/machine.ts';
import type { Measure } from './contenders/measure.ts';
import { benchEntries } from './contenders/twins.ts';
import { AXES, type AxisName, MEASURED } from './growth/axes.ts';
import { short } from './growth/quantity.ts';
import { type AxisRecord, type Growth, readGrowth, writeGrowth } from './growth/record.ts';
import { growthPage, LAYOUTS } from './growth/tables.ts';

const USAGE = `npm run bench:growth -- [--axis NAME] [--page]

How the relay scales on this machine: with twins, destinations of one sender, payload size, and stored messages.
Writes tools/bench/growth.json and GROWTH.md.

  --axis  measure only this one (${AXES.join(', ')}); the rest of growth.json stays
  --page  measure nothing; write GROWTH.md from growth.json`;

const { values } = parseArgs({
  options: {
    axis: { type: 'string' },
    page: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** Runs of each step, each with a fresh relay. All steps run once, then all again, so that a slow minute shows. */
const RUNS = 2;

const PAGE = join(import.meta.dirname, 'GROWTH.md');

async function main(): Promise<void> {
  if (values.help) return console.log(USAGE);
  if (!values.page) await measure(axesNamed(values.axis));
  await writeFile(PAGE, growthPage(await readGrowth()));
}

function axesNamed(name: string | undefined): readonly AxisName[] {
  if (name === undefined) return AXES;
  const axes = AXES.filter((each) => each === name);
  if (axes.length === 0) throw new Error(`unknown axis "${name}": expected one of ${AXES.join(', ')}`);
  return axes;
}

async function measure(names: readonly AxisName[]): Promise<void> {
  await using chain = await startDevChain({ twins: await benchEntries() });
  const machine = thisMachine();
  let growth: Growth = names === AXES ? {} : await readGrowth();
  for (const name of names) {
    const points = await measureAxis(name, product(chain.httpUrl));
    growth = { ...growth, [name]: { machine, points } };
    await writeGrowth(growth);
  }
}

async function measureAxis(name: AxisName, ours: Contender): Promise<AxisRecord['points']> {
  const { steps, hasBare } = MEASURED[name];
  const points = steps.map((step) => ({ step, ours: [] as Measure[], bare: [] as Measure[] }));
  for (let run = 0; run < RUNS; run += 1) {
    for (const { step, ...runs } of points) {
      runs.ours.push(await measureOnce(name, step, ours));
      if (hasBare && run === 0) runs.bare.push(await measureOnce(name, step, bare()));
    }
  }
  return points;
}

async function measureOnce(name: AxisName, step: number, contender: Contender): Promise<Measure> {
  await using running = await contender.start();
  const measured = await MEASURED[name].measure(running, step);
  process.stderr.write(`${name}, ${LAYOUTS[name].stepText(step)}: ${contender.name} ${short(measured.rate)}/s\n`);
  return measured;
}

await main();
// Miniflare's agents keep connections open for reuse, which would delay the exit.
process.exit();
