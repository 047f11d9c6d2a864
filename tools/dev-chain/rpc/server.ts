import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Chain } from '../ledger/chain.ts';
import { answer, type Call, CODE, RpcError } from './json-rpc.ts';
import { type Method, methodsOf } from './methods.ts';
import { SUBSCRIPTION_METHODS, Subscriptions } from './subscriptions.ts';

const MAX_MESSAGE = 2 ** 20;
/** Bytes that are buffered for a client that does not read; more closes its socket. */
const MAX_UNREAD = 2 ** 24;

/** JSON-RPC over HTTP and WebSocket on one port of 127.0.0.1. */
export interface ChainServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the server. Throws when the port is in use. @param port 0: any free port */
export async function serve(chain: Chain, port: number): Promise<ChainServer> {
  const methods = methodsOf(chain);
  methods.rpc_methods = () => ({ version: 1, methods: [...Object.keys(methods), ...SUBSCRIPTION_METHODS] });
  const server = createServer((request, response) => {
    serveHttp(request, response, callOf(methods)).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE });
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (accepted) => serveSocket(accepted, chain, methods));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { port: portOf(server), close: () => close(server, sockets) };
}

function callOf(methods: Record<string, Method>, subscriptions?: Subscriptions): Call {
  return async (name, params) => {
    if (subscriptions?.handles(name)) return subscriptions.call(name, params);
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (method === undefined) throw new RpcError(CODE.unknownMethod, 'Method not found', name);
    return method(params);
  };
}

function serveSocket(socket: WebSocket, chain: Chain, methods: Record<string, Method>): void {
  const send = (text: string) => {
    if (socket.bufferedAmount > MAX_UNREAD) socket.terminate();
    else socket.send(text);
  };
  const subscriptions = new Subscriptions(chain, send);
  const call = callOf(methods, subscriptions);
  socket.on('close', () => subscriptions.close());
  // A broken client closes only its own connection.
  socket.on('error', () => socket.terminate());
  socket.on('message', (data) => {
    answer(String(data), call).then(send, () => socket.close(1011, 'internal error'));
  });
}

async function serveHttp(request: IncomingMessage, response: ServerResponse, call: Call): Promise<void> {
  if (request.method !== 'POST') {
    response.writeHead(405, { allow: 'POST' }).end('JSON-RPC 2.0: send a POST, or open a WebSocket\n');
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_MESSAGE) {
      response.writeHead(413, { connection: 'close' }).end('request too large\n');
      return;
    }
    chunks.push(chunk);
  }
  const body = await answer(Buffer.concat(chunks).toString(), call);
  response.writeHead(200, { 'content-type': 'application/json' }).end(body);
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

async function close(server: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  sockets.close();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
