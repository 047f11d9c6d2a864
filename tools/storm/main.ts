import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { startRelay } from '../local-relay/relay.ts';
import { startFarNode } from './far-node.ts';
import { entriesOf, makeFleet, tokensOf } from './fleet.ts';
import { prewarmLocally } from './local-kv.ts';
import { type StormReport, spread, storm } from './storm.ts';

const USAGE = `npm run bench:storm -- [--twins 2000] [--seconds 5] [--far 100] [--cold]

Lets a fleet of twins with sr25519 keys connect to the real Worker on this machine, and prints who was refused, and until
when. Each refused twin comes again after 0.5 to 8 s.

  --twins    number of twins
  --seconds  time from the first to the last arrival
  --far      ms from the relay to the chain node, one way
  --cold     no cache has a twin: without it, KV is filled by "npm run prewarm" first`;

/** A storm that lasts longer is given up, ms. */
const PATIENCE_MS = 300_000;

const positive = z.coerce.number().int().positive();
const schema = z.object({
  twins: positive.max(10_000),
  seconds: z.coerce.number().min(0),
  far: z.coerce.number().min(0),
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      twins: { type: 'string', default: '2000' },
      seconds: { type: 'string', default: '5' },
      far: { type: 'string', default: '100' },
      cold: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const { twins, seconds, far } = schema.parse(values);
  const directory = await mkdtemp(join(tmpdir(), 'rmb-storm-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const fleet = await makeFleet(twins);
  const chain = stack.use(await startDevChain({ twins: entriesOf(fleet, null) }));
  const node = stack.use(await startFarNode(chain.port, far));
  const persist = values.cold ? undefined : await prewarmLocally(directory, chain.wsUrl);
  const settings = { SUBSTRATE_URLS: node.url };
  const relay = stack.use(await startRelay({ settings, direct: true, ...(persist === undefined ? {} : { persist }) }));
  const arrivals = spread(await tokensOf(fleet), seconds * 1000);
  const before = node.dials;
  const report = await storm(relay.wsUrl, arrivals, PATIENCE_MS);
  const cache = values.cold ? 'no cache has them' : 'KV was filled before';
  console.log(`storm: ${twins} twins in ${seconds} s, ${cache}, node ${far} ms away`);
  for (const line of linesOf(report)) console.log(`  ${line}`);
  console.log(`  ${node.dials - before} dials to the chain, ${node.mostOpen} at a time at most`);
}

function linesOf({
  arrivals,
  connected,
  refusals,
  lastArrival,
  lastConnected,
  lastRefusal,
  waits,
}: StormReport): string[] {
  const count = Object.values(refusals).reduce((sum, each) => sum + each, 0);
  const after = (ms: number) => `${((ms - lastArrival) / 1000).toFixed(1)} s after the last arrival`;
  const kinds = Object.entries(refusals).map(([why, times]) => `${times} × ${why}`);
  const ms = [waits.p50, waits.p99, waits.most].map(Math.round).join(' / ');
  return [
    `${connected} of ${arrivals} connected, the last ${after(lastConnected)}`,
    `${count} refusals in ${connected + count} attempts${kinds.length === 0 ? '' : `: ${kinds.join(', ')}`}`,
    ...(lastRefusal === undefined ? [] : [`the last refusal ${after(lastRefusal)}`]),
    `from arrival to session, ms: ${ms} (median, 99 %, longest)`,
  ];
}

main().catch((error: unknown) => {
  console.error(`storm: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
