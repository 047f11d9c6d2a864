import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../tools/local-relay/port.ts';
import { launchChromium } from '../browser/chromium.ts';
import { ensurePython } from '../rig/clients/languages.ts';
import { type Process, startProcess } from '../rig/process.ts';

/** Runs the commands and programs of docs/client.md as the page has them, with other ports. */

const run = promisify(execFile);
const FENCE = /^```(\w+) ([\w-]+)\n([\s\S]*?)^```/gm;
const ROOT = resolve('.');
const PORTS = ['9944', '8787', '8080'];
const START_MS = 120_000;

let blocks: Map<string, string>;
let directory: string;
/** Where the package is installed. */
let folder: string;
const started: Process[] = [];

/** The text of a fenced block, by its name. */
function block(name: string): string {
  const text = blocks.get(name);
  if (text === undefined) throw new Error(`docs/client.md has no block "${name}"`);
  return text;
}

/** Starts a command of the page; it runs until the end of the test. Resolves with the line that says it is ready. */
async function start(name: string, cwd: string, ready: RegExp): Promise<string> {
  // Node of this project, as after `npm ci`.
  const path = `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`;
  const env = { PATH: path, PYTHONUNBUFFERED: '1' };
  const child = startProcess(['sh', '-c', block(name)], { cwd, env, isGroup: true });
  started.push(child);
  return child.find(`${name} to be ready`, (line) => (ready.test(line) ? line : undefined));
}

const inFolder = async (file: string) => (await run(process.execPath, [file], { cwd: folder })).stdout;

beforeAll(async () => {
  ensurePython();
  directory = await mkdtemp(join(tmpdir(), 'rmb-client-docs-'));
  folder = join(directory, 'hello-rmb');
  const twins = join(directory, 'twins.json');
  const ports = new Map<string, string>();
  for (const port of PORTS) ports.set(port, String(await freePort()));
  const moved = (text: string) => text.replaceAll(/\b(?:9944|8787|8080)\b/g, (port) => ports.get(port) ?? port);
  await writeFile(twins, moved(await readFile('examples/twins.json', 'utf8')));
  const page = await readFile('docs/client.md', 'utf8');
  blocks = new Map(
    [...page.matchAll(FENCE)].map(([, , name = '', text = '']) => [
      name,
      moved(text).replace('examples/twins.json', twins).replaceAll('../hello-rmb', folder),
    ]),
  );
  await start('chain', ROOT, /listening on/);
  await start('relay', ROOT, /listening on/);
  // Another test file may pack the same room: a build empties dist/.
  await run('flock', ['client/package.json', 'sh', '-c', block('install')], { cwd: ROOT });
  for (const [name, file] of [
    ['service', 'service.mjs'],
    ['call', 'call.mjs'],
    ['index', 'index.html'],
    ['page', 'page.js'],
  ] as const) {
    await writeFile(join(folder, file), block(name));
  }
  await start('serve', folder, /^serving$/);
});

afterAll(async () => {
  await Promise.all(started.map((each) => each[Symbol.asyncDispose]()));
  await rm(directory, { recursive: true, force: true });
});

it('the page’s program calls the page’s service', async () => {
  const { stdout } = await run('sh', ['-c', block('ask')], {
    cwd: folder,
    env: { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}` },
  });
  expect(stdout).toBe('Hello, Node!\n');
});

it('the page’s web page calls the page’s service', async () => {
  await start('host', folder, /Serving HTTP/);
  const [, port] = /(\d+)\s*$/.exec(block('host')) ?? [];
  const browser = await launchChromium();
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://localhost:${port}`);
    await expect.poll(() => tab.textContent('#reply'), { timeout: START_MS }).toBe('Hello, page!');
  } finally {
    await browser.close();
  }
});

/** A program around the snippets of the page: `bus` calls, `service` serves. The page's twin 7 is twin 2 here. */
const around = (body: string) => `
import { connect } from 'rmb-client/node';
import { z } from 'zod';
${
  block('service')
    .match(/relays: .*\n.*chain: .*\n/)?.[0]
    .replace(/^/, 'const where = {') ?? ''
}};
const service = await connect({ secret: '0x' + '02'.repeat(32), ...where, sid: 'docs' });
const bus = await connect({ secret: '0x' + '01'.repeat(32), ...where });
${body.replaceAll(/(?<=[([])7\b/g, '"2:docs"')}
await bus.close();
await service.close();
`;
const serving = (text: string) => `await (async (bus) => {\n${text}\n})(service);`;

async function runAround(body: string): Promise<string[]> {
  await symlink(join(ROOT, 'node_modules/zod'), join(folder, 'node_modules/zod')).catch(() => undefined);
  await writeFile(join(folder, 'snippet.mjs'), around(body));
  return (await inFolder('snippet.mjs')).trim().split('\n');
}

it('the page’s stream gives its values in order', async () => {
  expect(await runAround(serving(block('stream-service')) + block('stream-caller'))).toEqual(['1', '2', '3']);
});

it('the page’s calls with bytes, its router and its many calls get their replies', async () => {
  const serves = `
service.serve('my.picture', () => ({ data: new Uint8Array([1, 2]), schema: 'image/png' }));
service.serve('zos.system.version', {}, () => 'v1');`;
  const calls = `
console.log(picture.length, await bus.call('2:docs', 'farm.list'));`;
  const many = block('many').replace('[7, 8, 9]', '[7, 99]').replace('10_000', '60_000');
  const lines = await runAround(serves + serving(block('router')) + block('bytes') + calls + many);
  expect(lines[0]).toBe("2 [ 'north', 'south' ]");
  expect(lines.slice(1).sort()).toEqual(['2:docs v1', '99 unknown-twin']);
});

it('the page’s loop over the status ends with the bus, and its presence and its errors are told', async () => {
  const status = `const watching = (async () => {${block('status')}})();`;
  const presence = block('presence').replaceAll('[7, 8]', '[2]');
  const served = `service.serve('my.unknown', () => { throw new Error('nothing'); });`;
  const lines = await runAround(
    `${served}${status}${presence}${block('errors')}await bus.close(); await watching; console.log('ended');`,
  );
  expect(lines[0]).toMatch(/^2 connected /);
  expect(lines.slice(1)).toEqual(['the service says: nothing', 'ended']);
});

it('the page’s test of a program connects twins in memory', async () => {
  await writeFile(join(folder, 'testing.mjs'), `${block('testing')}console.log(further.state.address);`);
  expect(await inFolder('testing.mjs')).toBe('2:my-sid\n');
});
