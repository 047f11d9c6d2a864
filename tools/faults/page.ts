import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Machine, thisMachine } from '../bench/contenders/machine.ts';
import { FAULTS } from './faults.ts';
import { detailsOf, tableOf } from './report.ts';
import { verdictSchema } from './verdict.ts';

const RESULTS = new URL('results.json', import.meta.url);
const PAGE = new URL('../../docs/faults.md', import.meta.url);

const result = z.object({
  name: z.string(),
  minutes: z.number(),
  rate: z.number(),
  seed: z.number(),
  date: z.string(),
  commit: z.string(),
  machine: z.string(),
  verdict: verdictSchema,
});
/** One run, and when and where it was. */
export type Result = z.infer<typeof result>;

/** Returns what a result says of its machine. */
export function placeOf(): Pick<Result, 'date' | 'commit' | 'machine'> {
  const { date, commit, ...machine } = thisMachine();
  return { date, commit, machine: machineText(machine) };
}

function machineText({ cores, processor, memoryGiB, linux, node, workerd }: Omit<Machine, 'date' | 'commit'>): string {
  return `${cores} cores of ${processor}, ${memoryGiB} GiB, Linux ${linux}, workerd ${workerd}, Node ${node}`;
}

/** Writes these results over the earlier ones of the same faults, and the page from all. */
export async function writeResults(results: readonly Result[]): Promise<void> {
  const text = await readFile(RESULTS, 'utf8').catch(() => '[]');
  const kept = z.array(result).parse(JSON.parse(text));
  const all = FAULTS.flatMap(({ name }) => [...results, ...kept].find((each) => each.name === name) ?? []);
  await writeFile(RESULTS, `${JSON.stringify(all, null, 2)}\n`);
  await writeFile(PAGE, pageOf(all));
}

/** Returns the page of results. */
export function pageOf(results: readonly Result[]): string {
  const abouts = FAULTS.filter(({ name }) => results.some((each) => each.name === name));
  const details = results.map((each) => `- ${detailsOf(each.name, each.verdict)}`);
  return `# Faults, and what they lost

\`npm run faults -- --write\` wrote this page. [tools/faults](../tools/faults/README.md) says how the runs work and what the columns mean.

${tableOf(results)}

## The faults

${abouts.map(({ name, about }) => `- **${name}**: ${about}`).join('\n')}

## The runs

${runsOf(results)}

## Details

${details.join('\n')}
`;
}

/** Returns a line for each set of runs that were alike. */
function runsOf(results: readonly Result[]): string {
  const runs = Map.groupBy(
    results,
    ({ date, commit, machine, minutes, rate, seed }) =>
      `${date}, commit ${commit}, ${minutes} min at ${rate} requests/s, seed ${seed}: ${machine}.`,
  );
  return [...runs].map(([run, of]) => `- ${of.map(({ name }) => name).join(', ')}: ${run}`).join('\n');
}
