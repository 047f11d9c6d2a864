import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Simulator } from './run.ts';
import { faultText, messageText, scenarioOf } from './scenario.ts';
import { type Found, failureText, search } from './search.ts';
import { inOwnTurn } from './world/microtasks.ts';
import { bundleProduct } from './world/product.ts';

const USAGE = `npm run simulate -- --seeds N [--from S]    N seeds from S on; S is 1 unless it is given
npm run simulate -- --seed S                one seed again, with its trace`;
/** How often a long run says how far it came, ms. */
const REPORT_MS = 30_000;
/** After so many failing seeds a run ends. */
const MOST_FOUND = 3;

const whole = z.coerce.number().int().min(0).max(0xffff_ffff);
const options = z.object({ seeds: whole.default(10_000), from: whole.default(1), seed: whole.optional() });

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { seeds: text, from: text, seed: text, help: { type: 'boolean' } } });
  if (values.help) return console.log(USAGE);
  const parsed = options.safeParse(values);
  if (!parsed.success) throw new Error(`--${parsed.error.issues[0]?.path[0]?.toString()}: not understood\n${USAGE}`);
  const { seeds, from, seed } = parsed.data;
  const simulator = new Simulator(await bundleProduct());
  if (seed === undefined) await many(simulator, from, seeds);
  else await one(simulator, seed);
}

async function one(simulator: Simulator, seed: number): Promise<void> {
  const scenario = scenarioOf(seed);
  const outcome = await inOwnTurn(() => simulator.run(scenario, true));
  console.log(`relays: ${JSON.stringify(scenario.homes)}`);
  for (const message of scenario.messages) console.log(messageText(message));
  for (const fault of scenario.faults) console.log(faultText(fault));
  console.log(outcome.lines.join('\n'));
  console.log(`seed ${seed}: ${outcome.events} events, trace ${outcome.hash.toString(16)}`);
  if (outcome.violations.length === 0) return console.log('every promise was kept');
  await show(simulator, [{ seed, violation: outcome.violations[0] ?? '' }]);
}

async function many(simulator: Simulator, from: number, seeds: number): Promise<void> {
  const began = Date.now();
  let reported = began;
  const { done, found, events } = await search(simulator, from, seeds, {
    most: MOST_FOUND,
    onSeed: (count) => {
      if (Date.now() - reported < REPORT_MS) return;
      reported = Date.now();
      console.log(`simulate: ${count} of ${seeds} seeds`);
    },
  });
  const seconds = (Date.now() - began) / 1000;
  const used = process.cpuUsage();
  const cpu = (used.user + used.system) / 1e6;
  const rate = `${Math.round(done / seconds)} a second, ${((cpu / done) * 1000).toFixed(1)} ms of a core each`;
  console.log(
    `simulate: ${new Date(began).toISOString()}: seeds ${from} to ${from + done - 1} in ${seconds.toFixed(0)} s: ${rate}, ${Math.round(events / done)} events each: ${found.length} failed`,
  );
  await show(simulator, found);
}

async function show(simulator: Simulator, found: readonly Found[]): Promise<void> {
  for (const each of found) console.error(await inOwnTurn(() => failureText(simulator, each)));
  if (found.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(`simulate: ${error instanceof Error ? error.stack : String(error)}`);
  process.exitCode = 1;
});
