import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { bundleEntry } from './browser/bundle.ts';
import { launchChromium } from './browser/chromium.ts';
import { allChecks } from './browser/vectors.ts';

const PAGE = '<!doctype html><title>vectors</title><script type="module" src="/vectors.js"></script>';
const SCRIPT = `
import { runAllChecks } from './vectors.ts';
globalThis.outcome = runAllChecks();
`;

/** The page on the loopback address, which counts as a secure context: elsewhere there is no WebCrypto. */
async function servePage(script: string): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/vectors.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    // No unsafe-eval: code that makes code fails here, as it does on Workers.
    response.setHeader('content-security-policy', "default-src 'none'; script-src 'self'");
    response.end(isScript ? script : PAGE);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('in Chromium every vector holds, and nothing of it needs eval', async () => {
  await using page = await servePage(await bundleEntry(SCRIPT, ['browser']));
  await using browser = await launchChromium();
  const tab = await browser.newPage();
  const failures: string[] = [];
  tab.on('pageerror', (error) => failures.push(error.message));
  await tab.goto(page.url, { waitUntil: 'load' });
  expect(failures).toEqual([]);
  expect(await tab.evaluate('outcome')).toEqual({ passed: allChecks.length, failed: [] });
});
