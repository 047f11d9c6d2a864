import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { err, ok } from '../../proto/result.ts';
import { callOverHttp } from './http-call.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

const never = () => new AbortController().signal;

describe('callOverHttp', () => {
  test('posts the call as JSON and gives the answer', async () => {
    const url = await serve(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      response.end(`${request.method} ${request.headers['content-type']} ${body}`);
    });
    expect(await callOverHttp(url, '{"id":1}', never())).toEqual(ok('POST application/json {"id":1}'));
  });

  test('an answer without end is left, not collected', async () => {
    const url = await serve((_request, response) => {
      const chunk = Buffer.alloc(16_384, 'a');
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    expect(await callOverHttp(url, '', never())).toEqual(err('its answer is over 65536 bytes'));
  });

  test.each([302, 404, 500])('status %i is a fault; a redirect is not followed', async (status) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    expect(await callOverHttp(url, '', never())).toEqual(err(`HTTP status ${status}`));
  });

  test('nobody there', async () => {
    expect(await callOverHttp('http://127.0.0.1:1/secret', '', never())).toEqual(err('not reachable'));
  });

  test('ends when it is given up', async () => {
    const stop = new AbortController();
    const url = await serve(() => stop.abort());
    expect(await callOverHttp(url, '', stop.signal)).toEqual(err('not reachable'));
  });
});
