import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DEV_TWINS } from '../../tools/dev-chain/ledger/dev-twins.ts';
import { bundleEntry } from '../browser/bundle.ts';
import { launchChromium } from '../browser/chromium.ts';
import { servePage } from '../browser/page.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { type FaultProxy, startProxy } from '../rig/relay/proxy.ts';
import { until } from '../rig/until.ts';

/** What only a browser does: it hides the answer to an upgrade, sends pages to sleep, and forbids addresses. */

/** The page has functions for the test. `told` is the log of its bus, which never holds a secret. */
const SCRIPT = `
import { connect, identityOf } from '../../client/index.ts';
import { dialWeb } from '../../client/web/web-socket.ts';
const told = (globalThis.told = []);
const tell = ({ detail }, message) => told.push(detail === undefined ? message : message + ': ' + detail);
const log = { debug: tell, info: tell, warn: tell, error: tell };
document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => told.push('violated ' + violatedDirective));
/** Connects. Resolves with its error, or undefined. */
globalThis.join = (options) => connect({ timeout: 120_000, log, ...options }).then((bus) => { globalThis.bus = bus; }, ({ code, message }) => ({ code, message }));
/** Connects as another twin than the one whose key it has. */
globalThis.joinAs = async (twin, { secret, keyType, ...options }) => {
  const { value: identity } = await identityOf(secret, keyType);
  const twins = { twin: async (id) => ({ id, account: identity.account, relay: null, pk: null }), twinIdOf: async () => twin };
  return globalThis.join({ identity, twins, ...options });
};
/** Dials an address. Resolves with why it got no session. */
globalThis.dial = (url) => new Promise((onLost) => dialWeb(url, { onOpen() {}, onMessage() {}, onLost }, { asksWhy: true }));
`;

const failure = z.object({ code: z.string(), message: z.string() });
const texts = z.array(z.string());

let network: Network;
let proxy: FaultProxy;
let browser: Browser;
let script: string;
let page: { readonly url: string } & AsyncDisposable;
beforeAll(async () => {
  network = await startNetwork();
  proxy = await startProxy({ port: network.relay.port });
  script = await bundleEntry(SCRIPT, ['browser']);
  page = await servePage(script, 'ws: http:');
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await page[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

const [{ secret, keyType } = { secret: '', keyType: 'sr25519' }] = DEV_TWINS;
const options = () => ({ secret, keyType, relays: [network.relay.wsUrl], chain: [network.chain.wsUrl] });

/** Opens a tab, after a script that changes its host. */
async function open(context: BrowserContext, before = ''): Promise<Page> {
  const tab = await context.newPage();
  await tab.addInitScript(before);
  await tab.goto(page.url, { waitUntil: 'load' });
  return tab;
}

/** Calls a function of the page with values of JSON. */
const run = (tab: Page, name: string, ...args: unknown[]) =>
  tab.evaluate(`${name}(${args.map((arg) => JSON.stringify(arg)).join()})`);
const told = async (tab: Page) => texts.parse(await tab.evaluate('told'));

describe('a page whose upgrade is refused', () => {
  it('connects although its clock is a quarter of an hour behind: the relay tells its time', async () => {
    await using context = await browser.newContext();
    const tab = await open(context, 'const now = Date.now; Date.now = () => now() - 900_000;');
    expect(await run(tab, 'join', options())).toBeUndefined();
    expect(await told(tab)).toContainEqual(expect.stringContaining('refused: 401 expired-token'));
    expect(await told(tab)).toContain('relay: connected');
  });

  it('says that its key is another twin’s, without its token', async () => {
    await using context = await browser.newContext();
    const tab = await open(context);
    const { code, message } = failure.parse(await run(tab, 'joinAs', 5, options()));
    expect(code).toBe('relay');
    expect(message).toContain('refused: 401 bad-signature: invalid jwt: jwt: Invalid signature');
    expect(message).not.toMatch(/[\w-]{20,}\.[\w-]{20,}/);
    expect(await told(tab)).not.toContainEqual(expect.stringContaining('violated connect-src'));
  });

  it('says that the relay does not know its twin', async () => {
    await using context = await browser.newContext();
    const tab = await open(context);
    const { message } = failure.parse(await run(tab, 'joinAs', 4_000_000, options()));
    expect(message).toContain('refused: 401 unknown-twin: twin not found 4000000');
  });

  it('says only that there is no connection if the relay cannot be asked', async () => {
    // As the Rust relay answers.
    const rust = createServer((_, response) => response.writeHead(404).end('page not found'));
    rust.on('upgrade', (_, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'));
    rust.listen(0, '127.0.0.1');
    await once(rust, 'listening');
    try {
      await using context = await browser.newContext();
      const tab = await open(context);
      const address = rust.address();
      const relays = [`ws://localhost:${typeof address === 'object' ? address?.port : ''}`];
      const { message } = failure.parse(await run(tab, 'join', { ...options(), relays }));
      expect(message).toMatch(/^no relay can be used: ws:\/\/localhost:\d+: no connection$/);
    } finally {
      rust.closeAllConnections();
      rust.close();
    }
  });
});

it('says that a page of https may not open a relay of ws', async () => {
  await using context = await browser.newContext();
  await context.route('https://page.example/**', (route) => {
    const isScript = route.request().url().endsWith('.js');
    const body = isScript ? script : '<!doctype html><script type="module" src="/script.js"></script>';
    return route.fulfill({ body, contentType: isScript ? 'text/javascript' : 'text/html' });
  });
  const tab = await context.newPage();
  await tab.goto('https://page.example/', { waitUntil: 'load' });
  expect(await run(tab, 'dial', 'ws://relay.example/?token')).toMatchObject({
    detail: expect.stringContaining('a page of https needs a relay of wss'),
  });
});

describe('a page that waits to reconnect', () => {
  /** Timers stand still: only a look connects. */
  async function waiting(context: BrowserContext): Promise<Page> {
    const tab = await context.newPage();
    await tab.clock.install();
    await tab.addInitScript('Math.random = () => 0.999;');
    await tab.goto(page.url, { waitUntil: 'load' });
    const relays = [`ws://localhost:${proxy.port}`];
    expect(await run(tab, 'join', { ...options(), relays })).toBeUndefined();
    await proxy.refuse();
    await until('the loss', async () => (await told(tab)).some((line) => line.includes('no connection')));
    await tab.clock.pauseAt(Date.now() + 60_000);
    await proxy.listen();
    await tab.evaluate('told.length = 0');
    return tab;
  }

  it.each([
    [
      'its network is back',
      (tab: Page) =>
        tab
          .context()
          .setOffline(true)
          .then(() => tab.context().setOffline(false)),
    ],
    ['it is shown again', (tab: Page) => tab.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")],
    [
      'its tab is looked at',
      (tab: Page) => tab.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))"),
    ],
  ])('connects at once when %s', async (_, wake) => {
    await using context = await browser.newContext();
    const tab = await waiting(context);
    await wake(tab);
    await until('the relay', async () => {
      // Shorter than any pause, and enough for a timer of 0 ms.
      await tab.clock.runFor(1);
      return (await told(tab)).includes('relay: connected');
    });
  });
});
