import { parseArgs } from 'node:util';
import { unstable_readConfig } from 'wrangler';
import { parseSettings } from '../../durable-objects/settings.ts';
import { noteCommit } from '../build/note-commit.ts';
import { productionFaults } from './production.ts';

/**
 * Parses the settings of every environment of wrangler.toml, or of a file given by name. wrangler runs this before each
 * deploy, so that a bad value never reaches the network. With `--deploy production` it also refuses a production relay
 * that nobody can reach or that cannot know its name: a fresh clone has neither, and may deploy other environments.
 */
const { values, positionals } = parseArgs({ options: { deploy: { type: 'string' } }, allowPositionals: true });
const config = positionals[0] ?? 'wrangler.toml';
const environments = [undefined, 'staging', 'production'];

if (values.deploy === 'production') {
  for (const fault of productionFaults(unstable_readConfig({ config, env: 'production' }))) {
    console.error(`${config}, environment production: ${fault}`);
    process.exitCode = 1;
  }
}

for (const env of environments) {
  const settings = parseSettings(unstable_readConfig({ config, env }).vars);
  if (settings.ok) continue;
  console.error(`${config}, ${env === undefined ? 'top level' : `environment ${env}`}: ${settings.error}`);
  process.exitCode = 1;
}

// For /version. A deploy that stops needs none.
if (process.exitCode === undefined) await noteCommit();
