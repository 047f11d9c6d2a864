import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Loss } from '../session/socket.ts';
import { dialWeb } from './web-socket.ts';

const TOKEN = 'aaaa.bbbb.cccc';
const owned: Server[] = [];
afterEach(() => {
  for (const server of owned.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that refuses every upgrade, as a relay does: with JSON, which the standard WebSocket does not show. */
async function refusing(onRequest: RequestListener) {
  const server = createServer(onRequest);
  server.on('upgrade', (_, socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  });
  owned.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `ws://127.0.0.1:${address.port}/?${TOKEN}`;
}

/** Dials, and resolves with why the socket ended and which times it told. */
async function dial(url: string, asksWhy = true): Promise<Loss & { readonly dates: readonly string[] }> {
  const { promise, resolve } = Promise.withResolvers<Loss>();
  const dates: string[] = [];
  const port = { onOpen: () => undefined, onMessage: () => undefined, onLost: resolve };
  dialWeb(url, { ...port, onDate: (date) => void dates.push(date) }, { asksWhy });
  return { ...(await promise), dates };
}

const answering = (status: number, body: string): RequestListener => {
  return (_, response) => void response.writeHead(status).end(body);
};

describe('an upgrade that is refused', () => {
  it('is explained by the relay, which gets the token as the body of a POST without a query', async () => {
    const asked: unknown[] = [];
    const url = await refusing(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      asked.push([request.method, request.url, request.headers['content-type'], body]);
      const error = { code: 'expired-token', message: 'invalid jwt: jwt has expired', relayTime: 1_795_500_000 };
      response.writeHead(401).end(JSON.stringify({ error }));
    });
    expect(await dial(url)).toEqual({
      code: 1006,
      detail: 'refused: 401 expired-token: invalid jwt: jwt has expired',
      cause: 'HTTP 401',
      isExplained: true,
      dates: [new Date(1_795_500_000_000).toUTCString()],
    });
    expect(asked).toEqual([['POST', '/check', 'text/plain', TOKEN]]);
  });

  it('has no reason if the relay knows no such page, or another server answers', async () => {
    for (const answer of [answering(404, 'page not found'), answering(200, '<html>'), answering(307, '')]) {
      expect(await dial(await refusing(answer))).toMatchObject({ code: 1006, detail: 'no connection', dates: [] });
    }
  });

  it('has no reason if nobody asks for it, or nobody answers', async () => {
    let requests = 0;
    const url = await refusing((_, response) => {
      requests += 1;
      response.end();
    });
    expect(await dial(url, false)).toMatchObject({ detail: 'no connection' });
    expect(requests).toBe(0);
    expect(await dial(`ws://127.0.0.1:9/?${TOKEN}`)).toMatchObject({ code: 1006, detail: 'no connection' });
  });

  it('never quotes the token, although a relay may', async () => {
    const error = { code: 'bad-signature', message: `I saw ${TOKEN}` };
    const { detail } = await dial(await refusing(answering(401, JSON.stringify({ error }))));
    expect(detail).toBe('refused: 401 bad-signature: I saw ***');
  });

  it('ends at once when it is given up while the relay is asked', async () => {
    const asked = Promise.withResolvers<void>();
    const url = await refusing(() => asked.resolve());
    const { promise, resolve } = Promise.withResolvers<Loss>();
    const port = { onOpen: () => undefined, onMessage: () => undefined, onLost: resolve };
    const socket = dialWeb(url, port, { asksWhy: true });
    await asked.promise;
    socket.terminate();
    expect(await promise).toMatchObject({ code: 1006, detail: 'connection closed' });
  });
});

it('reports an address that the host does not open, without quoting it', async () => {
  const { detail } = await dial(`ws://127.0.0.1:9/?${TOKEN}#fragment`);
  expect(detail).toContain('may not open the address');
  expect(detail).not.toContain(TOKEN);
});
