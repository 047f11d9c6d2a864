import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { devEntries } from '../../tools/dev-chain/ledger/twin-entry.ts';
import { modulesOf } from '../../tools/local-relay/bundle.ts';
import { startRelay } from '../../tools/local-relay/relay.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import { connectAs } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';

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

const deploy = (environment: string, ...args: string[]) =>
  run('wrangler', ['deploy', '--dry-run', '--env', environment, '--outdir', directory, ...args], {
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
  });

/** Writes a wrangler.toml whose production relay has a name and a route. @returns its path */
async function withName(): Promise<string> {
  const file = join(directory, 'wrangler.toml');
  const config = (await readFile('wrangler.toml', 'utf8'))
    .replace('main = "workers/relay.ts"', `main = "${resolve('workers/relay.ts')}"`)
    .replace('check-settings -- --deploy production', `check-settings -- --deploy production ${file}`)
    .replace(
      '[env.production]\n',
      '[env.production]\nroutes = [{ pattern = "relay.example.org", custom_domain = true }]\n',
    );
  const at = config.indexOf('[env.production.vars]');
  const named = config.slice(at).replace('RELAY_DOMAINS = ""', 'RELAY_DOMAINS = "relay.example.org"');
  await writeFile(file, config.slice(0, at) + named);
  return file;
}

it('a production relay without a name or a route is not deployed', async () => {
  await expect(deploy('production')).rejects.toMatchObject({
    stdout: expect.stringMatching(/RELAY_DOMAINS: must name[\s\S]*routes: must have/),
  });
});

it.each(['', 'staging', 'production'])('a deploy to environment "%s" is a working relay', async (environment) => {
  const config = environment === 'production' ? ['--config', await withName()] : [];
  const { stdout } = await deploy(environment, ...config);
  const objects = ['TWIN (TwinObject)', 'CHAIN_WATCHER (ChainWatcher)', 'STATS (StatsObject)'];
  for (const binding of [...objects, 'env.TWINS', 'env.STRANGERS (600 requests/60s)']) {
    expect(stdout).toContain(binding);
  }
  const files = (await readdir(directory)).filter((name) => /\.(js|wasm)$/.test(name));
  const bundle = async () =>
    modulesOf(
      await Promise.all(files.map(async (name) => ({ name, contents: await readFile(join(directory, name)) }))),
    );
  await using relay = await startRelay({ settings: { SUBSTRATE_URLS: chain.httpUrl }, bundle });
  const { stdout: head } = await run('git', ['rev-parse', 'HEAD']);
  expect(await (await fetch(`${relay.httpUrl}/version`)).json()).toMatchObject({
    commit: expect.stringMatching(`^${head.trim()}`),
    builtAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
  for (const entry of await devEntries()) chain.putTwin({ ...entry, relay: `localhost:${relay.port}` });
  await using a = await connectAs(relay.wsUrl, 1, await identityOfTwin(1));
  await using b = await connectAs(relay.wsUrl, 2, await identityOfTwin(2));
  const sent = request({ twin: 1 }, { twin: 2 });
  a.send(sent);
  expect((await b.next()).uid).toBe(sent.uid);
});
