import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { RpcCall } from '../../proto/chain/json-rpc.ts';
import { err, ok } from '../../proto/result.ts';
import { overHttp } from './http-call.ts';

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
const call = (url: string, signal: AbortSignal, ...methods: string[]) =>
  overHttp(url, signal, (ask) =>
    ask(
      methods.map((method): RpcCall => ({ method, params: [] })),
      65_536,
    ),
  );

describe('overHttp', () => {
  test('posts a call as JSON, and several as a batch', async () => {
    const bodies: string[] = [];
    const url = await serve(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      bodies.push(`${request.method} ${request.headers['content-type']} ${body}`);
      const answers = [2, 1].map((id) => ({ jsonrpc: '2.0', id, result: `r${id}` }));
      response.end(JSON.stringify(body.startsWith('[') ? answers : answers[1]));
    });
    expect(await call(url, never(), 'a')).toEqual(ok(['r1']));
    expect(await call(url, never(), 'a', 'b')).toEqual(ok(['r1', 'r2']));
    const text = (id: number, method: string) => `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":[]}`;
    expect(bodies).toEqual([
      `POST application/json ${text(1, 'a')}`,
      `POST application/json [${text(1, 'a')},${text(2, 'b')}]`,
    ]);
  });

  test('refuses an answer to fewer calls than it sent', async () => {
    const url = await serve((_request, response) => void response.end('[{"jsonrpc":"2.0","id":1,"result":1}]'));
    expect(await call(url, never(), 'a', 'b')).toEqual(err('its answer is not JSON-RPC'));
  });

  test('stops reading an endless answer', async () => {
    const url = await serve((_request, response) => {
      const chunk = Buffer.alloc(16_384, 'a');
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    expect(await call(url, never(), 'a')).toEqual(err('its answer is over 65536 bytes'));
  });

  test.each([302, 404, 500])('refuses status %i and follows no redirect', async (status) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    expect(await call(url, never(), 'a')).toEqual(err(`HTTP status ${status}`));
  });

  test('fails if no server listens', async () => {
    expect(await call('http://127.0.0.1:1/secret', never(), 'a')).toEqual(err('not reachable'));
  });

  test('ends when it is aborted', async () => {
    const stop = new AbortController();
    const url = await serve(() => stop.abort());
    expect(await call(url, stop.signal, 'a')).toEqual(err('not reachable'));
  });
});
