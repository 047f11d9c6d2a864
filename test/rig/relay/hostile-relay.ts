import { EventEmitter, once } from 'node:events';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeEnvelope, type Envelope, encodeEnvelope, pongOf } from '../../../proto/envelope/envelope.ts';
import { within } from '../clients/client.ts';

/** A hostile relay: it accepts any session, keeps its token, and sends what a test wants. */
export interface HostileRelay extends AsyncDisposable {
  readonly url: string;
  /** Host and port, as tokens name it. */
  readonly host: string;
  /** The tokens that it was given, the oldest first. */
  readonly tokens: readonly string[];
  /** Envelopes of the session that nobody has taken yet; waits for one. */
  next(): Promise<Envelope>;
  /** Brings an envelope to the newest session. */
  bring(frame: Envelope | Uint8Array): void;
  /** Ends all sessions; resolves with the token of the next one. */
  nextToken(): Promise<string>;
}

/** Starts one on 127.0.0.1. @param date what it says of the time, when it answers the upgrade */
export async function startHostileRelay(date?: string): Promise<HostileRelay> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  const tokens: string[] = [];
  const arrivals = new EventEmitter();
  const frames: Uint8Array[] = [];
  let session: WebSocket | undefined;
  let wake: (() => void) | undefined;
  server.on('headers', (headers) => {
    if (date !== undefined) headers.push(`Date: ${date}`);
  });
  server.on('connection', (socket, { url = '' }) => {
    const token = url.slice(url.indexOf('?') + 1);
    tokens.push(token);
    session = socket;
    arrivals.emit('token', token);
    socket.on('message', (data: Buffer) => {
      const decoded = decodeEnvelope(new Uint8Array(data));
      // A peer sends nothing else before the answer to its ping envelope.
      if (decoded.ok && decoded.value.content?.kind === 'ping')
        return socket.send(encodeEnvelope(pongOf(decoded.value)));
      frames.push(new Uint8Array(data));
      wake?.();
    });
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the hostile relay has no port');
  const { port } = address;
  const next = async (): Promise<Envelope> => {
    const frame = frames.shift();
    if (frame === undefined) {
      const arrived = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await within(arrived, 'an envelope at the hostile relay');
      return next();
    }
    const decoded = decodeEnvelope(frame);
    if (!decoded.ok) throw new Error(decoded.error.detail);
    return decoded.value;
  };
  return {
    url: `ws://localhost:${port}`,
    host: `localhost:${port}`,
    tokens,
    next,
    nextToken: async () => {
      const arrived = once(arrivals, 'token');
      for (const each of server.clients) each.terminate();
      const [token] = await within(arrived, 'the next session at the hostile relay');
      return String(token);
    },
    bring: (frame) => session?.send(frame instanceof Uint8Array ? frame : encodeEnvelope(frame)),
    [Symbol.asyncDispose]: async () => {
      for (const each of server.clients) each.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
