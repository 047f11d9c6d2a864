import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { connect } from '../../client/node.ts';
import { type Identity, identityOf } from '../../proto/identity.ts';
import { DEV_TWINS } from '../../tools/dev-chain/ledger/dev-twins.ts';
import { launchChromium } from '../browser/chromium.ts';
import { servePage } from '../browser/page.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { type Packed, packRoom } from '../rig/packed.ts';

/** Keys that a page can use and not read, in Chromium, of the installed package, under a strict policy. */

/** What a test does in the page, by `page` of its `globalThis`. */
const SCRIPT = `
import { connect } from 'rmb-client';
import { openWorkerSigner } from 'rmb-client/web-worker';
import { createBrowserSigner, deleteBrowserSigner, openBrowserSigner } from 'rmb-client/browser-keys';

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const publicOf = ({ account, e2ePublicKey }) => ({ account: hex(account), pk: hex(e2ePublicKey) });
const codeOf = (work) => work.then(() => 'succeeded', ({ code, message }) => [code, message]);
/** Pings a twin encrypted, and returns the name of the session that replied. */
async function ping(signer, place, to) {
  await using bus = await connect({ signer, ...place });
  return (await bus.ping(to, { timeout: 120_000 })).source;
}
/** What the browser keeps under a name, read as any script of the page can. */
const stored = (name) =>
  new Promise((resolve, reject) => {
    const open = indexedDB.open('rmb-client');
    open.onerror = () => reject(open.error);
    open.onsuccess = () => {
      const get = open.result.transaction('keys').objectStore('keys').get(name);
      get.onsuccess = () => resolve(get.result);
    };
  });
globalThis.page = {
  create: async (name, secret) => publicOf(await createBrowserSigner(name, secret)),
  createAgain: (name) => codeOf(createBrowserSigner(name)),
  open: async (name) => { const signer = await openBrowserSigner(name); return signer && publicOf(signer); },
  remove: deleteBrowserSigner,
  pingStored: async (name, place, to) => ping(await openBrowserSigner(name), place, to),
  exports: async (name) => {
    const { signing, wrapping } = await stored(name);
    const tries = [[signing, 'pkcs8'], [signing, 'jwk'], [wrapping, 'raw'], [wrapping, 'jwk']];
    return Promise.all(tries.map(([key, form]) => crypto.subtle.exportKey(form, key).then(() => 'read', (e) => e.name)));
  },
  bytes: async (name) => Object.values(await stored(name)).filter((v) => v instanceof Uint8Array).map(hex),
  worker: async (secret, place, to) => {
    const signer = await openWorkerSigner({ secret });
    const source = await ping(signer, place, to);
    const answers = signer.sign(new Uint8Array(8)).then(({ length }) => length);
    const length = await answers;
    signer.close();
    return { ...publicOf(signer), source, length, after: await codeOf(signer.sign(new Uint8Array(8))) };
  },
  badWorker: (secret) => codeOf(openWorkerSigner({ secret })),
};
`;

const keys = z.object({ account: z.string(), pk: z.string() });
const SECRET = `0x${'5a'.repeat(32)}`;
const WORDS = 'tackle blouse grain dawn adult loyal tattoo price access tilt chimney silk';

let packed: Packed;
let network: Network;
let script: string;
let worker: string;
beforeAll(async () => {
  packed = await packRoom('client');
  network = await startNetwork();
  const { outputFiles } = await build({
    stdin: { contents: SCRIPT, resolveDir: packed.folder },
    bundle: true,
    write: false,
    format: 'esm',
    supported: { using: false },
  });
  script = outputFiles[0]?.text ?? '';
  worker = await readFile(join(packed.folder, 'node_modules/rmb-client/dist/web-worker-script.mjs'), 'utf8');
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await packed[Symbol.asyncDispose]();
});

/** Opens a page of the script in a fresh Chromium. */
async function openPage() {
  const page = await servePage(script, 'ws:', { '/web-worker-script.mjs': worker });
  const browser = await launchChromium();
  const tab = await browser.newPage();
  await tab.goto(page.url, { waitUntil: 'load' });
  return {
    tab,
    url: page.url,
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await page[Symbol.asyncDispose]();
    },
  };
}

const run = (tab: Page, expression: string, ...values: unknown[]): Promise<unknown> =>
  tab.evaluate(`page.${expression}(${values.map((value) => JSON.stringify(value)).join()})`);

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const publicOf = ({ account, e2ePublicKey }: Identity) => ({ account: hex(account), pk: hex(e2ePublicKey) });

/** Writes a twin with these keys on chain, at the relay of the network. */
function putTwin(id: number, { account, pk }: z.infer<typeof keys>): void {
  network.chain.putTwin({ id, account: `0x${account}`, relay: new URL(network.relay.wsUrl).host, pk: `0x${pk}` });
  network.chain.makeBlocks(2);
}

/** A service in Node that takes only encrypted requests. */
async function service(id: number) {
  const identity = await network.identity(id);
  putTwin(id, publicOf(identity));
  const place = { relays: [network.relay.wsUrl], chain: [network.chain.wsUrl] };
  const bus = await connect({ identity, ...place, admission: { requireCipher: true }, sid: 'service' });
  return { bus, place, address: `${id}:service` };
}

describe('keys in the browser', () => {
  it('sign and encrypt, also after a reload, and no script can read them', async () => {
    await using browser = await openPage();
    const { tab } = browser;
    const { bus, place, address } = await service(2);
    await using _ = bus;
    const created = keys.parse(await run(tab, 'create', 'alice'));
    putTwin(31, created);
    expect(await run(tab, 'pingStored', 'alice', place, address)).toBe(address);
    await tab.reload({ waitUntil: 'load' });
    expect(await run(tab, 'open', 'alice')).toEqual(created);
    expect(await run(tab, 'pingStored', 'alice', place, address)).toBe(address);
    expect(await run(tab, 'exports', 'alice')).toEqual(Array(4).fill('InvalidAccessError'));
  });

  it('are those of a secret that is given once, and the browser keeps no byte of it', async () => {
    await using browser = await openPage();
    const { tab } = browser;
    const expected = async (secret: string) => {
      const identity = await identityOf(secret, 'ed25519');
      if (!identity.ok) throw new Error(identity.error.detail);
      return publicOf(identity.value);
    };
    expect(await run(tab, 'create', 'seed', SECRET)).toEqual(await expected(SECRET));
    expect(await run(tab, 'create', 'words', WORDS)).toEqual(await expected(WORDS));
    expect(await run(tab, 'exports', 'seed')).toEqual(Array(4).fill('InvalidAccessError'));
    const stored = z.array(z.string()).parse(await run(tab, 'bytes', 'seed'));
    expect(stored.length).toBeGreaterThan(3);
    for (const bytes of stored) expect(bytes).not.toContain('5a5a5a5a');
  });

  it('are never replaced, and are gone after they were deleted', async () => {
    await using browser = await openPage();
    const { tab } = browser;
    expect(await run(tab, 'open', 'bob')).toBeUndefined();
    const created = await run(tab, 'create', 'bob');
    expect(await run(tab, 'createAgain', 'bob')).toEqual([
      'identity',
      expect.stringContaining('under this name already'),
    ]);
    expect(await run(tab, 'open', 'bob')).toEqual(created);
    await run(tab, 'remove', 'bob');
    expect(await run(tab, 'open', 'bob')).toBeUndefined();
  });
});

describe('keys in a Web Worker', () => {
  it('sign and encrypt until it is closed', async () => {
    await using browser = await openPage();
    const { tab } = browser;
    const { bus, place, address } = await service(3);
    await using _ = bus;
    const own = publicOf(await network.identity(1));
    putTwin(1, own);
    const secret = DEV_TWINS.find(({ id }) => id === 1)?.secret;
    const outcome = { source: address, length: 64, after: ['identity', 'the worker was closed'] };
    expect(await run(tab, 'worker', secret, place, address)).toEqual({ ...own, ...outcome });
  });

  it('are refused with the reason when the secret is invalid', async () => {
    await using browser = await openPage();
    const refused = ['identity', expect.stringMatching(/^12 to 24 words/)];
    expect(await run(browser.tab, 'badWorker', 'no words')).toEqual(refused);
  });
});
