import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { unstable_readConfig } from 'wrangler';
import { maskUrl } from '../../client/mask.ts';
import { parseSettings } from '../../durable-objects/settings.ts';
import { withNode } from './ask-node.ts';
import { pairsOf } from './pairs.ts';
import { type Fleet, readFleet } from './read-fleet.ts';

const USAGE = `npm run prewarm -- [--env production] [--node URL]… [--out prewarm.json]

Reads all twins from the chain and writes them as the relay's own records, for its KV namespace. Run it before the first
deploy only: on a running relay it would replace newer records.

  --env    environment of wrangler.toml whose SUBSTRATE_URLS are asked; default: the top level
  --node   node to ask instead; may be repeated. The next one is asked when one fails
  --out    file for "wrangler kv bulk put"`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      env: { type: 'string' },
      node: { type: 'string', multiple: true },
      out: { type: 'string', default: 'prewarm.json' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const began = Date.now();
  const { block, ...fleet } = await readFromFirst(values.node ?? configuredNodes(values.env));
  const pairs = pairsOf({ block, ...fleet }, began);
  await writeFile(values.out, JSON.stringify(pairs));
  const { twins, faults } = fleet;
  for (const fault of faults) console.warn(`prewarm: left out: ${fault}`);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(
    `prewarm: ${twins.length} twins at block ${block} in ${seconds} s, ${pairs.length} pairs in ${values.out}`,
  );
  console.log('Put them into the namespace of TWINS, and deploy within the hour:');
  console.log(`  npx wrangler kv bulk put ${values.out} --remote --namespace-id ID`);
}

function configuredNodes(env: string | undefined): readonly string[] {
  const settings = parseSettings(unstable_readConfig({ config: 'wrangler.toml', env }).vars);
  if (!settings.ok) throw new Error(`wrangler.toml: ${settings.error}`);
  return settings.value.substrateUrls;
}

/** Reads from the first node that can be read wholly. */
async function readFromFirst(urls: readonly string[]): Promise<Fleet> {
  for (const url of urls) {
    try {
      return await withNode(url, (ask) =>
        readFleet(ask, (twins) => console.log(`prewarm: ${twins} twins from ${maskUrl(url)}`)),
      );
    } catch (error) {
      console.warn(`prewarm: ${maskUrl(url)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error('no node gave all twins');
}

main().catch((error: unknown) => {
  console.error(`prewarm: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
