import { parseArgs } from 'node:util';
import { z } from 'zod';
import { measureReally } from './hot/real.ts';
import { VARIANTS } from './hot/variants.ts';
import { measureVirtually, type VirtualReport } from './hot/virtual.ts';

const USAGE = `npm run bench:hot -- [--senders 5000] [--rate 1] [--cap 700] [--seconds 10] [--only TEXT] [--real]

Many senders ask one service, on a relay whose objects take so many calls and frames a second and reject further ones, as
the platform does: with gatherers, without them, and with a plain service. No sender repeats a message.

Two cores cannot run 5,000 sessions. So the product's own outboxes, dispatchers, receivers and gatherers run in virtual
time, with a cap on each object and 5 ms between two objects; sockets, storage and the resolver are left out. --real runs
the deployed Worker on workerd instead: 200 senders and a cap of 60 are enough for a busy machine.

  --senders  twins
  --rate     requests a second of each
  --cap      calls and frames a second that one object takes; the platform takes 500 to 1,000
  --seconds  time in which they ask
  --only     variants with this text in their name
  --real     on workerd, in real time`;

const positive = z.coerce.number().positive();
const schema = z.object({ senders: positive, rate: positive, cap: positive, seconds: positive, only: z.string() });
const SEED = 1;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      senders: { type: 'string', default: '5000' },
      rate: { type: 'string', default: '1' },
      cap: { type: 'string', default: '700' },
      seconds: { type: 'string', default: '10' },
      only: { type: 'string', default: '' },
      real: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const options = schema.parse(values);
  const { senders, rate, cap, seconds, only } = options;
  // Each rejected call is a line of the product's log.
  if (!values.real) console.warn = () => undefined;
  console.log(`${senders} senders × ${rate}/s to one service for ${seconds} s; an object takes ${cap}/s`);
  for (const variant of VARIANTS.filter(({ name }) => name.includes(only))) {
    if (values.real) await measureReally(variant, options);
    else print(variant.name, await measureVirtually({ ...options, ...variant, seed: SEED }));
  }
}

function print(name: string, { asked, answered, disordered, refused, times, given, service }: VirtualReport): void {
  const sorted = times.toSorted((a, b) => a - b);
  const part = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const errors = Object.entries(refused).map(([why, count]) => `${count} × ${why}`);
  const lost = asked - answered - Object.values(refused).reduce((sum, each) => sum + each, 0);
  const hot = given[service];
  const gatherers = Object.entries(given).filter(([object]) => object !== service);
  const calls = gatherers.flatMap(([, each]) => (each.calls > 0 ? [each.calls] : []));
  const all = calls.reduce((sum, each) => sum + each, hot?.calls ?? 0);
  console.log(name);
  console.log(`  ${asked} asked, ${answered} answered (${((100 * answered) / asked).toFixed(1)} %), ${lost} lost`);
  console.log(`  refused: ${errors.join(', ') || 'none'}; ${disordered} out of order`);
  console.log(`  answers: p50 ${part(0.5)} ms, p99 ${part(0.99)} ms`);
  console.log(`  the service's object: ${hot?.calls} calls (${hot?.rejected} rejected), ${hot?.frames} frames`);
  console.log(
    `  ${calls.length} gatherers: ${Math.max(0, ...calls)} calls at most; ${(all / asked).toFixed(2)} calls a request`,
  );
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(`bench:hot: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exit(1);
  },
);
