import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { pairsOf, readPlan } from './plan.ts';

const USAGE = `npm run place -- --twins FILE [--out place.json]

Turns a list of twins and their regions into records for the relay's KV namespace. From then on the first call of a twin's
object, by any caller, makes the object in that region. docs/placement.md has the regions.

  --twins  file with a line "twin region" for each twin, for example "7 apac-se"; # begins a comment
  --out    file for "wrangler kv bulk put"`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      twins: { type: 'string' },
      out: { type: 'string', default: 'place.json' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  if (values.twins === undefined) throw new Error(`--twins is missing\n\n${USAGE}`);
  const plan = readPlan(await readFile(values.twins, 'utf8'));
  if (!plan.ok) throw new Error(`${values.twins}:\n${plan.error}`);
  const pairs = pairsOf(plan.value);
  await writeFile(values.out, JSON.stringify(pairs));
  console.log(`place: ${pairs.length} twins in ${values.out}`);
  console.log('Put them into the namespace of TWINS, five minutes before the twins or their mail arrive:');
  console.log(`  npx wrangler kv bulk put ${values.out} --remote --namespace-id ID`);
}

main().catch((error: unknown) => {
  console.error(`place: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
