import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DevChain, startDevChain } from '../dev-chain/dev-chain.ts';
import { devEntries } from '../dev-chain/twin-entry.ts';
import { startRelay } from '../local-relay/relay.ts';
import { connectAs } from './rig/client.ts';
import { request } from './rig/envelopes.ts';
import { identityOfTwin } from './rig/network.ts';

const run = promisify(execFile);

let directory: string;
let chain: DevChain;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rmb-deploy-'));
  chain = await startDevChain();
});
afterAll(async () => {
  await chain.close();
  await rm(directory, { recursive: true });
});

it.each(['', 'staging', 'production'])(
  'what a deploy would send to environment "%s" is a relay',
  async (environment) => {
    const args = ['deploy', '--dry-run', '--env', environment, '--outdir', directory];
    const env = { ...process.env, WRANGLER_SEND_METRICS: 'false' };
    const { stdout } = await run('wrangler', args, { env });
    for (const binding of ['TWIN (TwinObject)', 'CHAIN_WATCHER (ChainWatcher)', 'STATS (StatsObject)', 'env.TWINS']) {
      expect(stdout).toContain(binding);
    }
    const bundle = () => readFile(join(directory, 'relay.js'), 'utf8');
    await using relay = await startRelay({ settings: { SUBSTRATE_URLS: chain.httpUrl }, bundle });
    for (const entry of await devEntries()) chain.putTwin({ ...entry, relay: `localhost:${relay.port}` });
    await using a = await connectAs(relay.wsUrl, 1, await identityOfTwin(1));
    await using b = await connectAs(relay.wsUrl, 2, await identityOfTwin(2));
    const sent = request({ twin: 1 }, { twin: 2 });
    a.send(sent);
    expect((await b.next()).uid).toBe(sent.uid);
  },
);
