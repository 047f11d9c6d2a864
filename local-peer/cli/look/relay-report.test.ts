import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { pagesUrl, reportOf } from './relay-report.ts';

const owned: (() => void)[] = [];
afterEach(() => {
  for (const end of owned.splice(0)) end();
});

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  owned.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return new URL(`http://127.0.0.1:${address.port}/`);
}

describe('pagesUrl', () => {
  it.each([
    ['wss://relay.example', 'https://relay.example/'],
    ['ws://localhost:8787/x', 'http://localhost:8787/'],
    ['relay.example:8443', 'https://relay.example:8443/'],
  ])('finds the pages of %s', (text, url) => {
    expect(pagesUrl(text)?.href).toBe(url);
  });

  it.each(['', 'ftp://relay.example', 'https://'])('finds none for %j', (text) => {
    expect(pagesUrl(text)).toBeUndefined();
  });
});

describe('reportOf', () => {
  it('reads version, readiness, round trips and clock of a relay', async () => {
    const base = await serve(({ url }, response) => {
      response.setHeader('date', new Date(Date.now() + 60_000).toUTCString());
      if (url === '/version') return response.end('{"name":"rmb-edge","version":"1","domains":["a.example"]}');
      if (url === '/readyz') return response.writeHead(503).end('{"status":"no","detail":"no chain"}');
      return response.end('{}');
    });
    const report = await reportOf(base, AbortSignal.timeout(60_000));
    expect(report).toMatchObject({
      isRelay: true,
      isReady: false,
      detail: 'no chain',
      version: { version: '1', domains: ['a.example'] },
      pages: { '/version': 200, '/readyz': 503 },
    });
    expect(report.roundTrips).toHaveLength(5);
    expect(report.clockSkew).toBeGreaterThan(50);
  });

  it('knows a Rust relay by its metrics, and another server by nothing', async () => {
    const rust = await serve(({ url }, response) => {
      return url === '/metrics' ? response.end('# HELP relay_x y\n') : response.writeHead(404).end();
    });
    const other = await serve((_, response) => response.end('<html>'));
    const report = (base: URL) => reportOf(base, AbortSignal.timeout(60_000));
    expect(await report(rust)).toMatchObject({ isRelay: true, version: undefined, isReady: undefined });
    expect(await report(other)).toMatchObject({ isRelay: false });
  });
});
