import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { bare, type Contender, product } from './contenders.ts';
import { AXES, type AxisName, MEASURED } from './growth/axes.ts';
import { drawings } from './growth/drawing.ts';
import { PICTURES } from './growth/panels.ts';
import { short } from './growth/quantity.ts';
import { type AxisRecord, type Growth, readGrowth, writeGrowth } from './growth/record.ts';
import { thisMachine } from './machine.ts';
import type { Measure } from './measure.ts';
import { benchEntries } from './twins.ts';

const USAGE = `npm run bench:growth -- [--axis NAME] [--draw]

How our relay grows on this machine: with twins, destinations of one sender, bytes of a payload, and stored messages.
Writes bench/growth.json and draws docs/growth-*.svg.

  --axis  measures only this one (${AXES.join(', ')}); the rest of bench/growth.json stays
  --draw  measures nothing: draws bench/growth.json`;

const { values } = parseArgs({
  options: {
    axis: { type: 'string' },
    draw: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** Runs of our relay at each step, each of a fresh one; all steps once, then all again: what slows the machine shows. */
const RUNS = 2;

const DOCS = join(import.meta.dirname, '..', 'docs');

async function main(): Promise<void> {
  if (values.help) return console.log(USAGE);
  if (!values.draw) await measure(axesNamed(values.axis));
  for (const [name, text] of drawings(await readGrowth())) await writeFile(join(DOCS, name), text);
}

function axesNamed(name: string | undefined): readonly AxisName[] {
  if (name === undefined) return AXES;
  const axes = AXES.filter((each) => each === name);
  if (axes.length === 0) throw new Error(`no axis "${name}": there are ${AXES.join(', ')}`);
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
  process.stderr.write(`${name}, ${PICTURES[name].stepText(step)}: ${contender.name} ${short(measured.rate)}/s\n`);
  return measured;
}

await main();
// Miniflare's agents and the chain's sockets are closed; what they keep open for reuse must not hold us up.
process.exit();
