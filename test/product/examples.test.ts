import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEV_TWINS } from '../../tools/dev-chain/ledger/dev-twins.ts';
import { freePort } from '../../tools/local-relay/port.ts';
import { launchChromium } from '../browser/chromium.ts';
import { within } from '../rig/clients/client.ts';

/**
 * The examples as their READMEs run them: each command in turn, with other ports, then the page in Chromium.
 * SCREENSHOTS=1 writes the pictures of docs/images.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TWINS = 'examples/twins.json';
/** A command is ready when it says so. */
const READY = [/listening on/, /listening on/, /serves node\.status/, /^page: /];
const START_MS = 120_000;
const MOST_PICTURE_BYTES = 100 * 1024;

/** Pictures show the ports of the READMEs, and more of a stream. */
const isDrawing = process.env.SCREENSHOTS !== undefined;
const MOST_VALUES = isDrawing ? 30 : 2;

const started: ChildProcess[] = [];
let directory: string;
let browser: Browser;
let tab: Page;
let relay: string;
let chain: string;

/** Returns the commands of a page's shell blocks, one a line. */
function commandsOf(page: string): string[] {
  return [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) => block.trim().split('\n'));
}

/** Runs a command with a shell until the end of the test. Resolves with the line that says that it is ready. */
async function run(command: string, ready: RegExp): Promise<string> {
  const path = `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`;
  const child = spawn('sh', ['-c', command], { cwd: ROOT, detached: true, env: { ...process.env, PATH: path } });
  started.push(child);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line);
      if (ready.test(line)) resolve(line);
    });
  }
  child.once('close', () => reject(new Error(`ended: ${command}\n${said.join('\n')}`)));
  return await within(promise, `${command} to be ready`, START_MS);
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rmb-examples-'));
  const pages = ['service', 'page'].map((name) => readFile(join(ROOT, 'examples', name, 'README.md'), 'utf8'));
  const [service = [], page = []] = (await Promise.all(pages)).map(commandsOf);
  // The page's commands are those of the service, and one more.
  expect(page.slice(0, -1)).toEqual(service);
  const ports = new Map<string, number>();
  for (const port of ['9944', '8787', '8080']) ports.set(port, isDrawing ? Number(port) : await freePort());
  const moved = (text: string) => text.replaceAll(/\b(?:9944|8787|8080)\b/g, (port) => String(ports.get(port)));
  const twins = join(directory, 'twins.json');
  await writeFile(twins, moved(await readFile(join(ROOT, TWINS), 'utf8')));
  const lines: string[] = [];
  for (const [n, command] of page.entries()) {
    lines.push(await run(moved(command).replace(TWINS, twins), READY[n] ?? /^$/));
  }
  relay = `ws://localhost:${ports.get('8787')}`;
  chain = `ws://localhost:${ports.get('9944')}`;
  browser = await launchChromium();
  tab = await browser.newPage({ viewport: { width: 1100, height: 860 }, deviceScaleFactor: 1 });
  await tab.goto(lines.at(-1)?.replace('page: ', '') ?? '');
});

/** Ends a command with all that it started. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  process.kill(-child.pid, 'SIGTERM');
  await closed;
}

afterAll(async () => {
  await browser?.close();
  await Promise.all(started.map(end));
  await rm(directory, { recursive: true, force: true });
});

async function connectAs(secret: string): Promise<void> {
  await tab.fill('[name=relay]', relay);
  await tab.fill('[name=chain]', chain);
  await tab.fill('[name=secret]', secret);
  await tab.click('#connect button');
}

const textOf = async (selector: string) => (await tab.textContent(selector)) ?? '';
const secretOf = (twin: number) => DEV_TWINS.find(({ id }) => id === twin)?.secret ?? '';

describe('the page', () => {
  it('says what is wrong with a secret', async () => {
    await connectAs('no words');
    await expect.poll(() => textOf('#status')).toContain('12 to 24 words');
  });

  it('connects, lists the commands of the service, calls one and shows its reply', async () => {
    await connectAs(secretOf(1));
    await expect.poll(() => textOf('#status'), { timeout: START_MS }).toMatch(/^Connected to localhost:\d+ as 1:/);
    await expect.poll(() => textOf('#commands'), { timeout: START_MS }).toContain('node.statushost, cores, memory');
    expect(await textOf('#listed')).toBe('');
    await tab.click('[data-name="node.status"] button');
    await tab.click('[name=once]');
    await expect.poll(() => textOf('#reply'), { timeout: START_MS }).toContain('"cores"');
    expect(await textOf('#took')).toMatch(/^in \d+ ms$/);
  });

  it('shows the error of a command that nobody serves', async () => {
    await tab.fill('[name=command]', 'node.nothing');
    await tab.click('[name=once]');
    await expect.poll(() => textOf('#reply'), { timeout: START_MS }).toContain('answered-error');
  });

  it('shows a stream as it comes, and stops it', async () => {
    await tab.fill('[name=command]', 'node.load');
    await tab.click('[name=stream]');
    const values = async () => Number.parseInt(await textOf('#count'), 10);
    await expect.poll(values, { timeout: START_MS }).toBeGreaterThan(MOST_VALUES);
    expect(await tab.getAttribute('#line', 'points')).toMatch(/^0\.0,\S+ \S+ \S+/);
    await tab.click('[name=stop]');
    await expect.poll(() => tab.isDisabled('[name=stop]')).toBe(true);
  });

  it.each(['light', 'dark'] as const)('renders in %s colours', async (colorScheme) => {
    await tab.emulateMedia({ colorScheme });
    await tab.fill('[name=command]', 'node.status');
    await tab.click('[name=once]');
    await expect.poll(() => textOf('#reply')).toContain('"cores"');
    const background = await tab.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(background).toBe(colorScheme === 'light' ? 'rgb(244, 246, 248)' : 'rgb(15, 20, 24)');
    const path = join(ROOT, `docs/images/page-${colorScheme}.png`);
    if (isDrawing) await tab.screenshot({ path });
    expect((await stat(path)).size).toBeLessThan(MOST_PICTURE_BYTES);
  });

  it('says that its relay is gone', async () => {
    const [, relayProcess] = started;
    if (relayProcess !== undefined) await end(relayProcess);
    await expect.poll(() => textOf('#status'), { timeout: START_MS }).toMatch(/^localhost:\d+: .+ Trying again…$/);
    expect(await tab.getAttribute('#status', 'data-state')).toBe('bad');
  });
});
