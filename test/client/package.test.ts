import { execFile, spawnSync } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { launchChromium } from '../browser/chromium.ts';
import { servePage } from '../browser/page.ts';
import type { Network } from '../rig/chain/network.ts';
import { type Packed, packRoom } from '../rig/packed.ts';
import { startSuiteNetwork } from './suite-network.ts';
import type { SuiteNetwork } from './suite-tools.ts';

/** The package as its users have it: alone in an empty folder, in Node, in a page, in a Worker and in TypeScript. */

const run = promisify(execFile);
/** Limit of the unpacked size, bytes. */
const LARGEST = 2 * 2 ** 20;
const outcomeOf = z.object({ checks: z.number(), passed: z.number(), failed: z.array(z.string()) });

/** Checks from here, on the client of the package. */
const SUITE = (network: SuiteNetwork, entry: string) => `
import { connect } from '${entry}';
import { runChecks } from '${resolve('proto/vectors.suite.ts')}';
import { clientChecks } from '${resolve('test/client/suite.ts')}';
const checks = clientChecks(connect, ${JSON.stringify(network)});
export const outcome = async () => ({ checks: checks.length, ...(await runChecks(checks)) });
`;
/** The suite knows errors by their class: it must be the package's. */
const packaged: Plugin = {
  name: 'packaged',
  setup: (setup) =>
    setup.onResolve({ filter: /client\/index\.ts$/ }, ({ kind }) =>
      setup.resolve('rmb-client', { kind, resolveDir: packed.folder }),
    ),
};

let packed: Packed;
let network: Network;
let suite: SuiteNetwork;
beforeAll(async () => {
  packed = await packRoom('client');
  ({ network, suite } = await startSuiteNetwork());
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await packed[Symbol.asyncDispose]();
});

/** Bundles an entry as a program's own build does, from the folder that has the package. */
async function bundled(contents: string, conditions: readonly string[], isNode = false): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: packed.folder, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    platform: 'browser',
    conditions: [...conditions],
    plugins: [packaged],
    // A program on Node is not bundled: it imports what is installed.
    ...(isNode ? { external: ['rmb-client', 'rmb-client/node'], plugins: [external] } : {}),
  });
  return outputFiles[0]?.text ?? '';
}

const external: Plugin = {
  name: 'external',
  setup: ({ onResolve }) => onResolve({ filter: /client\/index\.ts$/ }, () => ({ path: 'rmb-client', external: true })),
};

it('installs nothing else, is small, and names the licences of what it contains', async () => {
  expect(packed.installed).toEqual(['rmb-client']);
  const folder = join(packed.folder, 'node_modules/rmb-client');
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  expect(manifest.dependencies).toBeUndefined();
  const files = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(LARGEST);
  expect(await readFile(join(folder, 'dist/THIRD-PARTY.txt'), 'utf8')).toMatch(/^@scure\/sr25519 .*MIT/m);
});

it.each([
  ['rmb-client/node', '22'],
  ['rmb-client/node', '24'],
  ['rmb-client', '22'],
])('passes every check as %s in plain JavaScript on Node %s', async (entry, version) => {
  await writeFile(join(packed.folder, 'suite.mjs'), await bundled(SUITE(suite, entry), [], true));
  const program = "import { outcome } from './suite.mjs'; console.log(JSON.stringify(await outcome()));";
  await writeFile(join(packed.folder, 'program.mjs'), program);
  const node = version === '22' ? join(packed.bin, 'node') : process.execPath;
  expect(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout).toMatch(`v${version}.`);
  const { stdout, stderr } = await run(node, ['program.mjs'], { cwd: packed.folder });
  expect(stderr).toBe('');
  const { checks, ...outcome } = outcomeOf.parse(JSON.parse(stdout));
  expect(outcome).toEqual({ passed: checks, failed: [] });
});

it.each(['22', '24'])('gives its drop-in to CommonJS on Node %s, as grid_client requires it', async (version) => {
  const program = `
const { Client, generatePublicKey } = require('rmb-client/compat');
const secret = '0x${'5a'.repeat(32)}';
const { keypairType } = new Client('wss://chain.example', 'wss://relay.example', secret, 'session', 'ed25519', 5);
console.log(keypairType, generatePublicKey(secret));
`;
  await writeFile(join(packed.folder, 'required.cjs'), program);
  const node = version === '22' ? join(packed.bin, 'node') : process.execPath;
  const { stdout } = await run(node, ['required.cjs'], { cwd: packed.folder });
  expect(stdout).toBe('ed25519 0x029c5530e4385ebc41cdaf8257edf9a2baaf8506a4099103211e6ed7382103ed67\n');
});

it('carries a ping between two twins in memory, for the tests of a program', async () => {
  const program = `
import { RmbError } from 'rmb-client';
import { openTestBus } from 'rmb-client/testing';
await using test = await openTestBus();
const [one] = test.twins;
const { source } = await one.ping(2);
const error = await one.ping(3).catch((thrown) => thrown);
console.log(source, error instanceof RmbError, error.code);
`;
  await writeFile(join(packed.folder, 'tested.mjs'), program);
  const { stdout } = await run(process.execPath, ['tested.mjs'], { cwd: packed.folder });
  expect(stdout).toBe('2 true unknown-twin\n');
});

it('passes every check in a page with a strict policy', async () => {
  const script = `${SUITE(suite, 'rmb-client')}\nglobalThis.outcome = outcome();`;
  await using page = await servePage(await bundled(script, ['browser']), 'ws:');
  await using browser = await launchChromium();
  const tab = await browser.newPage();
  const failures: string[] = [];
  tab.on('pageerror', (error) => failures.push(error.message));
  await tab.goto(page.url, { waitUntil: 'load' });
  const { checks, ...outcome } = outcomeOf.parse(await tab.evaluate('outcome'));
  expect(failures).toEqual([]);
  expect(outcome).toEqual({ passed: checks, failed: [] });
});

it('passes every check in a Worker', async () => {
  const worker = `${SUITE(suite, 'rmb-client')}\nexport default { fetch: async () => Response.json(await outcome()) };`;
  const script = await bundled(worker, ['workerd', 'worker', 'browser']);
  const miniflare = new Miniflare({ modules: true, script, compatibilityDate: '2026-07-01' });
  try {
    const response = await miniflare.dispatchFetch('http://client.test/');
    const { checks, ...outcome } = outcomeOf.parse(JSON.parse(await response.text()));
    expect(outcome).toEqual({ passed: checks, failed: [] });
  } finally {
    await miniflare.dispose();
  }
});

it.each(['nodenext', 'bundler'])(
  'is checked by TypeScript with every strictness, module resolution %s',
  async (how) => {
    const program = `
import { connect, RmbError, type Bus, type RmbErrorCode } from 'rmb-client';
import { createBrowserSigner } from 'rmb-client/browser-keys';
import { Client } from 'rmb-client/compat';
import { connect as connectNode } from 'rmb-client/node';
import { openTestBus } from 'rmb-client/testing';
import { openWorkerSigner } from 'rmb-client/web-worker';
const options = { secret: 'words', relays: ['wss://relay.example'], chain: ['wss://chain.example'] };
const bus: Bus = await connect(options);
const pong: { readonly ms: number } = await bus.ping(7);
const codeOf = (error: unknown): RmbErrorCode | undefined => (error instanceof RmbError ? error.code : undefined);
const { relays, chain } = options;
export const kept = await connect({ relays, chain, signer: await createBrowserSigner('alice') });
export const inWorker = await connect({ relays, chain, signer: await openWorkerSigner({ secret: 'words' }) });
export const [one]: readonly Bus[] = (await openTestBus()).twins;
export const value: unknown = await new Client('wss://c', 'wss://r', 'words', 'sid', 'sr25519', 5).read('id');
export { bus, codeOf, connectNode, pong };
`;
    const tsc = resolve('node_modules/.bin/tsc');
    const shape = how === 'nodenext' ? ['nodenext', 'nodenext'] : ['esnext', 'bundler'];
    const [module = '', resolution = ''] = shape;
    const flags = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--skipLibCheck', 'false'];
    const place = [
      '--noEmit',
      '--module',
      module,
      '--moduleResolution',
      resolution,
      '--target',
      'esnext',
      '--types',
      '',
    ];
    const check = (file: string) =>
      spawnSync(tsc, [...flags, ...place, file], { cwd: packed.folder, encoding: 'utf8' });
    await writeFile(join(packed.folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(packed.folder, 'right.ts'), program);
    expect(check('right.ts').stdout).toBe('');
    await writeFile(join(packed.folder, 'wrong.ts'), program.replace('bus.ping(7)', 'bus.ping([7])'));
    expect(check('wrong.ts').stdout).toContain('error TS2345');
  },
);
