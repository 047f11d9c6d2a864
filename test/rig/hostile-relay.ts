import { once } from 'node:events';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../proto/envelope.ts';

/** A relay that checks nothing and brings a peer whatever the test says. */
export interface HostileRelay extends AsyncDisposable {
  readonly url: string;
  /** Brings the connected peer a frame. */
  bring(frame: Envelope | Uint8Array): void;
  /** Resolves with the next envelope that the peer sends. */
  next(): Promise<Envelope>;
}

/** Starts one on a free port of localhost. It takes every token, and serves one peer. */
export async function startHostileRelay(): Promise<HostileRelay> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const frames: Uint8Array[] = [];
  let wake: (() => void) | undefined;
  let peer: WebSocket | undefined;
  server.on('connection', (socket) => {
    peer = socket;
    socket.on('message', (data: Buffer) => {
      frames.push(new Uint8Array(data));
      wake?.();
    });
  });
  return {
    url: `ws://localhost:${address.port}`,
    bring: (frame) => {
      if (peer === undefined) throw new Error('no peer is connected');
      peer.send(frame instanceof Uint8Array ? frame : encodeEnvelope(frame));
    },
    next: async () => {
      while (frames.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const decoded = decodeEnvelope(frames.shift() ?? new Uint8Array(0));
      if (!decoded.ok) throw new Error(`the peer sent no envelope: ${decoded.error.detail}`);
      return decoded.value;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of server.clients) socket.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}
