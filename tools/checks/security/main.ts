import { fileURLToPath } from 'node:url';
import { isSystem } from './mutant.ts';
import { SECURITY_MUTANTS } from './mutants.ts';
import { MutationRun } from './mutation-run.ts';

/**
 * Removes each protection and runs the test that docs/security.md cites for it: the test must fail. `--unit` limits this
 * to unit tests; a word limits it to files with that word in their path.
 */
const words = process.argv.slice(2);
const isUnitOnly = words.includes('--unit');
const files = words.filter((word) => word !== '--unit');
const chosen = SECURITY_MUTANTS.filter(
  (mutant) =>
    !(isUnitOnly && isSystem(mutant)) &&
    (files.length === 0 || files.some((word) => mutant.change.file.includes(word) || mutant.test.file.includes(word))),
);

const run = await MutationRun.start(fileURLToPath(new URL('../../..', import.meta.url)));
let survived = 0;
for (const { test, change } of chosen) {
  const { verdict, detail } = await run.judge(test, change);
  if (verdict === 'failed') continue;
  survived += 1;
  const what = `${change.file}: ${JSON.stringify(change.find)} → ${JSON.stringify(change.replace)}`;
  const why = verdict === 'passed' ? 'the test still passes' : `the test cannot run: ${detail}`;
  console.error(`${what}\n  ${test.file} “${test.title}”: ${why}`);
}
await run.close();
console.log(`${chosen.length} protections removed, ${chosen.length - survived} detected by their tests`);
process.exitCode = chosen.length > 0 && survived === 0 ? 0 : 1;
