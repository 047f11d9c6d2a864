import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { unstable_readConfig } from 'wrangler';
import { deployBundle } from '../build/deploy-bundle.ts';
import { keepRelease } from './keep-release.ts';
import { RELEASES } from './kept-release.ts';
import { workerOf } from './manifest.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const USAGE = `npm run keep-release -- [--replace]

Writes the relay of the checked out commit, as npm run deploy bundles it, to test/releases/VERSION, with the version of
package.json. Tests run it beside later code. Run it for each release that is deployed, and commit the folder.

  --replace    also if this version is kept already: only for a version that was never deployed`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      replace: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const { version, commit, files } = await keepRelease({
    root: ROOT,
    releases: RELEASES,
    replaces: values.replace,
    worker: workerOf(unstable_readConfig({ config: `${ROOT}wrangler.toml` })),
    bundle: deployBundle,
  });
  for (const { name, bytes, sha256 } of files) console.log(`keep-release: ${name}, ${bytes} bytes, sha256 ${sha256}`);
  console.log(
    `keep-release: ${version} of ${commit} is in ${relative(process.cwd(), `${RELEASES}${version}`)}; commit it`,
  );
}

main().catch((error: unknown) => {
  console.error(`keep-release: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
