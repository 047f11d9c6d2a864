import { EventEmitter, once } from 'node:events';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { buildMetadata } from '../../../tools/dev-chain/metadata/metadata.ts';

const call = z.object({ id: z.number(), method: z.string() });
const hexOf = (text: string) => Buffer.from(text).toString('hex');

export const GENESIS = `0x${'01'.repeat(32)}`;
export const METADATA = buildMetadata();
/** A chain of which we know nothing: the pallet has another name of the same length. */
export const STRANGE = METADATA.replaceAll(hexOf('TfgridModule'), hexOf('OthersModule'));

/** The answers of a node, by method. */
export type Answers = Record<string, unknown>;

/** Returns the answers of a healthy node to all calls of a peer. */
export const well = (metadata: string = METADATA, specVersion = 1): Answers => ({
  chain_getBlockHash: [GENESIS],
  state_getRuntimeVersion: { specVersion },
  state_getMetadata: metadata,
  chain_subscribeNewHeads: 'h',
  state_subscribeStorage: 's',
  state_subscribeRuntimeVersion: 'v',
});

/** A node that answers from a script. */
export interface ScriptedNode extends AsyncDisposable {
  readonly url: string;
  /** The methods that were called. */
  readonly asked: readonly string[];
  /** Resolves when so many connections have come. */
  dialled(count: number): Promise<void>;
  /** Resolves when the connection of this place, counted from 0, has ended. */
  left(place: number): Promise<void>;
  /** Resolves when a method has been called so often. */
  hears(method: string, times?: number): Promise<void>;
  /** Sends a text to the newest connection. */
  send(text: string): void;
  /** Sends news of a subscription. */
  tell(method: string, result: unknown): void;
}

/** Starts a node that answers by method, as these are at the time; an Error is one, and what is not there is no answer. */
export async function startScriptedNode(answers: Answers): Promise<ScriptedNode> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const sockets: WebSocket[] = [];
  const asked: string[] = [];
  const arrivals = new EventEmitter();
  const outcomeOf = (answer: unknown) =>
    answer instanceof Error ? { error: { code: -32000, message: answer.message } } : { result: answer };
  server.on('connection', (socket) => {
    sockets.push(socket);
    arrivals.emit('connection');
    socket.on('message', (data) => {
      const { id, method } = call.parse(JSON.parse(String(data)));
      asked.push(method);
      arrivals.emit('call');
      if (method in answers) socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...outcomeOf(answers[method]) }));
    });
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const send = (text: string) => sockets.at(-1)?.send(text);
  return {
    url: `ws://127.0.0.1:${address.port}`,
    asked,
    dialled: async (count) => {
      while (sockets.length < count) await once(arrivals, 'connection');
    },
    left: async (place) => {
      const socket = sockets[place];
      if (socket === undefined) throw new Error(`no connection ${place}`);
      if (socket.readyState !== socket.CLOSED) await once(socket, 'close');
    },
    hears: async (wanted, times = 1) => {
      while (asked.filter((method) => method === wanted).length < times) await once(arrivals, 'call');
    },
    send,
    tell: (method, result) => send(JSON.stringify({ jsonrpc: '2.0', method, params: { subscription: 'x', result } })),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
