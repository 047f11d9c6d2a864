import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { ensureProgram } from '../../rig/clients/debian.ts';
import { ensurePython } from '../../rig/clients/languages.ts';
import { type Launched, launchProgram } from '../../rig/process.ts';
import { startRedis } from '../../rig/redis/redis.ts';
import type { RedisRig } from '../../rig/redis/shared-redis.ts';

/** Runs the commands of docs/peer.md, “From nothing to a running service”, as the page has them. */

const run = promisify(execFile);
const FENCE = /^```(\w+) ([\w-]+)\n([\s\S]*?)^```/gm;

let network: Network;
let redis: RedisRig;
let directory: string;
let daemon: Launched;
let settings: string;
let python: string;

/** The text of a fenced block, by its language and name. */
async function block(language: string, name: string): Promise<string> {
  for (const [, lang, title, text] of (await readFile('docs/peer.md', 'utf8')).matchAll(FENCE)) {
    if (lang === language && title === name && text !== undefined) return text;
  }
  throw new Error(`docs/peer.md has no block "${language} ${name}"`);
}

/** Programs that find rmb-peer and the libraries where an installation has them. */
const environment = () => ({ ...process.env, PATH: `${directory}:${process.env.PATH}`, NO_COLOR: '1' });

/** A shell that has read the settings. */
const shell = (text: string) => ['-c', `cd '${directory}' && ${settings}\n${text}`];
const inShell = async (text: string) => (await run('bash', shell(text), { env: environment() })).stdout;

/** The command that runs a block in its language. */
async function commandOf(language: string, name: string): Promise<string> {
  const text = await block(language, name);
  if (language === 'sh') return text;
  const file = join(directory, `${name}.${language === 'ts' ? 'ts' : 'py'}`);
  await writeFile(file, text);
  return `exec '${language === 'ts' ? process.execPath : python}' ${file}`;
}

beforeAll(async () => {
  ensureProgram('jq', 'jq');
  python = ensurePython();
  [network, redis] = await Promise.all([startNetwork(), startRedis()]);
  directory = await mkdtemp(join(tmpdir(), 'rmb-docs-'));
  await symlink(resolve('node_modules'), join(directory, 'node_modules'));
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  const program = join(directory, 'rmb-peer');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${resolve('local-peer/main.ts')}' "$@"\n`);
  await chmod(program, 0o755);
  // Only addresses differ from the page.
  settings = (await block('sh', 'settings'))
    .replace('redis://localhost:6379', redis.url)
    .replace('ws://localhost:9944', network.chain.wsUrl)
    .replace('ws://localhost:8787', network.relay.wsUrl);
  const text = shell(`exec ${await block('sh', 'daemon')}`);
  daemon = await launchProgram('bash', text, environment());
});
afterAll(async () => {
  await daemon.stop('SIGTERM');
  await rm(directory, { recursive: true });
  await redis.close();
  await network[Symbol.asyncDispose]();
});

it('the page’s commands show relay and twin, and a daemon that is ready', async () => {
  const looked = await inShell(await block('sh', 'look'));
  expect(looked).toMatch(/^state {7}ready$/m);
  expect(looked).toContain('twin 2\n');
  expect(daemon.ready).toContain('rmb-peer: twin 2 ready');
});

describe.each(['sh', 'python', 'ts'])('the page’s service in %s', (language) => {
  it('answers rmb-peer call and a program', async () => {
    // A line first, so that it can be waited for; entries that come before it takes them wait in Redis.
    const service = await launchProgram(
      'setsid',
      ['bash', ...shell(`echo started; ${await commandOf(language, 'service')}`)],
      environment(),
    );
    expect(await inShell(await block('sh', 'ask'))).toBe('HELLO FROM AFAR');
    expect((await inShell(await commandOf(language, 'caller'))).trim()).toBe('HELLO FROM AFAR');
    // A program that survived would take entries of the next service.
    process.kill(-service.pid, 'SIGKILL');
    await service.stop('SIGKILL');
  });
});

it.each([
  ['sh', 'my.upper          writes text in capitals\n'],
  ['python', 'my.upper          writes text in capitals\n  in  {"type":"string"}\n'],
])('the page’s registration in %s is listed for rmb-peer commands', async (language, listed) => {
  await inShell('redis-cli -u "$RMB_REDIS" del msgbus.system.commands');
  await inShell(await commandOf(language, 'register'));
  expect(await inShell(await block('sh', 'ask-commands'))).toBe(listed);
});

it('the page’s service with several replies counts for rmb-peer call --stream', async () => {
  const service = await launchProgram(
    'setsid',
    ['bash', ...shell(`echo started; ${await commandOf('python', 'stream')}`)],
    environment(),
  );
  expect(await inShell(await block('sh', 'ask-stream'))).toBe('1\n2\n3\n4\n5\n');
  process.kill(-service.pid, 'SIGKILL');
  await service.stop('SIGKILL');
});

it('the page’s trial serves a program without daemon and Redis', async () => {
  const service = await launchProgram('bash', shell(`exec ${await block('sh', 'trial')}`), environment());
  expect(service.ready).toContain('rmb-peer: serving my.lower at 2:trial');
  expect(await inShell(await block('sh', 'ask-trial'))).toBe('hello\n');
  expect(await service.stop('SIGINT')).toBe(130);
});
