import { readOptions, USAGE, UsageError } from './options.ts';
import { jsonOf, lineOf, totalOf } from './report.ts';
import { countOf, run } from './run.ts';
import { ON_DEMAND } from './themes.ts';

async function main(): Promise<void> {
  const options = await readOptions(process.argv.slice(2));
  if (options === undefined) return console.log(USAGE);
  const began = performance.now();
  const isColoured = process.stdout.isTTY && process.env.NO_COLOR === undefined;
  const results = await run(options, (result) => {
    if (!options.json) console.log(lineOf(result, isColoured));
  });
  const ms = performance.now() - began;
  if (options.json) console.log(jsonOf(results, ms));
  else {
    for (const [theme, flag] of ON_DEMAND) {
      if (!options.themes.includes(theme)) console.log(`not run: ${theme}, which needs ${flag}`);
    }
    console.log(totalOf(results, ms));
  }
  process.exitCode = countOf(results).failed === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  console.error(`conformance: ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof UsageError) console.error(`\n${USAGE}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
