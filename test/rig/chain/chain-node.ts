import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { DevChain } from '../../../tools/dev-chain/dev-chain.ts';

/**
 * Behaviour of a node: correct; accepts calls and never answers; answers without JSON-RPC; appends 100 kB to an answer;
 * stays at its block; makes up a chain that is far ahead; refuses connections.
 */
export type Behaviour = 'answer' | 'hang' | 'nonsense' | 'flood' | 'stall' | 'boast' | 'refuse';

const calls = z.array(z.object({ id: z.number(), method: z.string(), params: z.array(z.unknown()) }));
type Call = z.infer<typeof calls>[number];
const answers = z.array(z.object({ id: z.number(), result: z.unknown() }));
const header = z.looseObject({ number: z.string() });

/** A node before a dev chain: counts what it is asked, and misbehaves on demand, over HTTP and WebSocket. */
export interface ChainNode extends AsyncDisposable {
  readonly httpUrl: string;
  readonly wsUrl: string;
  /** The methods that were called, call by call; those of one message together. */
  readonly asked: string[][];
  /** The number of connections that were opened (HTTP: requests). */
  readonly connections: number;
  /** Sockets that are open. */
  readonly sockets: ReadonlySet<WebSocket>;
  behave(behaviour: Behaviour): Promise<void>;
  /** Resolves when it has received a call. */
  readonly called: Promise<void>;
  /** Ends all connections and accepts no more. */
  close(): Promise<void>;
}

export async function startChainNode(chain: DevChain, behaviour: Behaviour = 'answer'): Promise<ChainNode> {
  const state = { behaviour, frozen: 0, connections: 0 };
  const asked: string[][] = [];
  const called = Promise.withResolvers<void>();

  const forward = async (list: readonly Call[]) => {
    const body = JSON.stringify(list.map((call) => ({ jsonrpc: '2.0', ...call })));
    return answers.parse(await (await fetch(chain.httpUrl, { method: 'POST', body })).json());
  };
  const bent = (call: Call, result: unknown): unknown => {
    const isAhead = state.behaviour === 'boast';
    const head = isAhead ? 1_000_000 : state.frozen;
    if (call.method === 'chain_getHeader') return { ...header.parse(result), number: `0x${head.toString(16)}` };
    if (call.method !== 'chain_getBlockHash') return result;
    const [numbers, hashes] = [z.array(z.number()).parse(call.params[0]), z.array(z.unknown()).parse(result)];
    return hashes.map((hash, place) => {
      const number = numbers[place] ?? 0;
      if (isAhead) return hash ?? `0x${number.toString(16).padStart(64, '0')}`;
      return number > head ? null : hash;
    });
  };
  const answer = async (text: string): Promise<string | undefined> => {
    const message: unknown = JSON.parse(text);
    const list = calls.parse([message].flat());
    asked.push(list.map(({ method }) => method));
    called.resolve();
    if (state.behaviour === 'hang') return undefined;
    if (state.behaviour === 'nonsense') return '{"jsonrpc":"2.0","id":1,"result":"0x07000000"}';
    const found = await forward(list);
    const plain = JSON.stringify(Array.isArray(message) ? found : found[0]);
    if (state.behaviour === 'answer') return plain;
    if (state.behaviour === 'flood') return plain + ' '.repeat(100_000);
    const results = found.map((each, place) => {
      const call = list[place];
      return call === undefined ? each : { ...each, result: bent(call, each.result) };
    });
    return JSON.stringify(Array.isArray(message) ? results : results[0]);
  };

  const serveHttp = async (request: IncomingMessage, response: ServerResponse) => {
    state.connections += 1;
    if (state.behaviour === 'refuse') {
      response.destroy();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = await answer(Buffer.concat(chunks).toString());
    if (text !== undefined) response.end(text);
  };
  const server = createServer((request, response) => {
    serveHttp(request, response).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    state.connections += 1;
    if (state.behaviour === 'refuse') {
      socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      accepted.on('message', async (text) => {
        // A reader must skip news of subscriptions.
        accepted.send('{"jsonrpc":"2.0","method":"something_else","params":{}}');
        const said = await answer(String(text)).catch(() => undefined);
        if (said !== undefined) accepted.send(said);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const close = async () => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    httpUrl: `http://127.0.0.1:${address.port}`,
    wsUrl: `ws://127.0.0.1:${address.port}`,
    asked,
    sockets: sockets.clients,
    get connections() {
      return state.connections;
    },
    behave: async (next) => {
      const [found] = await forward([{ id: 1, method: 'chain_getHeader', params: [] }]);
      state.frozen = Number(header.parse(found?.result).number);
      state.behaviour = next;
    },
    called: called.promise,
    close,
    [Symbol.asyncDispose]: close,
  };
}
