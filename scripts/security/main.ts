import { fileURLToPath } from 'node:url';
import { isSystem } from './mutant.ts';
import { SECURITY_MUTANTS } from './mutants.ts';
import { MutationRun } from './mutation-run.ts';

/**
 * Takes each protection away and runs the test that docs/security.md cites for it: the test must fail.
 * `--unit`: only protections whose tests start no servers. A word: only files whose path holds it.
 */
const words = process.argv.slice(2);
const isUnitOnly = words.includes('--unit');
const files = words.filter((word) => word !== '--unit');
const chosen = SECURITY_MUTANTS.filter(
  (mutant) =>
    !(isUnitOnly && isSystem(mutant)) &&
    (files.length === 0 || files.some((word) => mutant.change.file.includes(word) || mutant.test.file.includes(word))),
);

const run = await MutationRun.start(fileURLToPath(new URL('../..', import.meta.url)));
let survived = 0;
for (const { test, change } of chosen) {
  const { verdict, detail } = await run.judge(test, change);
  if (verdict === 'failed') continue;
  survived += 1;
  const what = `${change.file}: ${JSON.stringify(change.find)} → ${JSON.stringify(change.replace)}`;
  const why = verdict === 'passed' ? 'the test passes all the same' : `the test cannot be run: ${detail}`;
  console.error(`${what}\n  ${test.file} “${test.title}”: ${why}`);
}
await run.close();
console.log(`${chosen.length} protections taken away, ${chosen.length - survived} seen by their tests`);
process.exitCode = chosen.length > 0 && survived === 0 ? 0 : 1;
