import { unstable_readConfig } from 'wrangler';
import { parseSettings } from '../durable-objects/settings.ts';

/**
 * Parses the settings of every environment of wrangler.toml, or of the file that is named. wrangler runs this
 * before each deploy: a bad value must not reach the network.
 */
const config = process.argv[2] ?? 'wrangler.toml';
const environments = [undefined, 'staging', 'production'];

for (const env of environments) {
  const settings = parseSettings(unstable_readConfig({ config, env }).vars);
  if (settings.ok) continue;
  console.error(`${config}, ${env === undefined ? 'top level' : `environment ${env}`}: ${settings.error}`);
  process.exitCode = 1;
}
