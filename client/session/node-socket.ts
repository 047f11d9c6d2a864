import { WebSocket } from 'ws';
import { systemFault } from '../system-fault.ts';
import { CLOSE_MS, CONNECT_MS, type Dial, MAX_FRAME_BYTES, type Socket } from './socket.ts';

/** The first words of a refusal are enough: a server that sends none, or never ends, must not hold up the next try. */
const REFUSAL_MS = 2_000;
const MAX_REFUSAL_LENGTH = 200;
/** A write of this size is worth its system call, bytes. */
const MAX_GATHERED_BYTES = 64 * 2 ** 10;
/** Errors of connections that reached no server, or none that answered. */
const UNANSWERED = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);

/** The part of an HTTP answer that is used. */
interface Answer {
  readonly headers: { readonly date?: string | undefined };
}

/** The TCP connection of a WebSocket. */
interface Wire {
  readonly writableLength: number;
  readonly writableCorked: number;
  cork(): void;
  uncork(): void;
}

/** Opens a WebSocket with `ws`, which shows headers, refusals and ping frames. */
export const dialNode: Dial = (url, port, { maxBytes = MAX_FRAME_BYTES } = {}): Socket => {
  const askedAt = Date.now();
  const limits = { handshakeTimeout: CONNECT_MS, closeTimeout: CLOSE_MS, maxPayload: maxBytes };
  const socket = new WebSocket(url, { perMessageDeflate: false, ...limits });
  const tellDate = ({ headers: { date } }: Answer) => {
    if (date !== undefined) port.onDate?.(date, askedAt);
  };
  let wire: Wire | undefined;
  let fault = 'connection closed';
  let cause: string | undefined;
  let isRefused = false;
  let isOpened = false;
  let isUnreached = false;
  socket.on('unexpected-response', (request, response) => {
    tellDate(response);
    fault = `refused: ${response.statusCode}`;
    cause = `HTTP ${response.statusCode}`;
    isRefused = true;
    const end = () => {
      clearTimeout(patience);
      request.destroy();
      socket.terminate();
    };
    const patience = setTimeout(end, REFUSAL_MS);
    response.once('data', (chunk: Buffer) => {
      fault += ` ${chunk.toString().slice(0, MAX_REFUSAL_LENGTH)}`;
      end();
    });
    response.once('error', end);
    response.once('close', end);
  });
  socket.on('upgrade', (response) => {
    tellDate(response);
    wire = response.socket;
  });
  socket.on('error', (error) => {
    // The end of a refused connection says less than the refusal.
    if (isRefused) return;
    isUnreached = !isOpened && isUnanswered(error, Date.now() - askedAt);
    fault = systemFault(error) ?? handshakeFault(Date.now() - askedAt);
    cause = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  });
  socket.on('open', () => {
    isOpened = true;
    port.onOpen();
  });
  for (const event of ['message', 'ping', 'pong'] as const) socket.on(event, () => port.onHeard?.());
  socket.on('message', (data: Buffer, isBinary) => port.onMessage(isBinary ? data : data.toString()));
  socket.once('close', (code, reason) => {
    const detail = reason.length > 0 ? `${code} ${reason.toString()}` : fault;
    port.onLost({ code, detail, ...(cause === undefined ? {} : { cause }), ...(isUnreached ? { isUnreached } : {}) });
  });
  /** Frames of one turn of the event loop leave in one write: a relay reads them at once. */
  const gather = (bytes: number) => {
    if (wire === undefined) return;
    if (wire.writableLength + bytes > MAX_GATHERED_BYTES) wire.uncork();
    else if (wire.writableCorked === 0) {
      const corked = wire;
      corked.cork();
      setImmediate(() => corked.uncork());
    }
  };
  return {
    get unsent() {
      return socket.bufferedAmount;
    },
    send: (message) => {
      if (socket.readyState !== WebSocket.OPEN) return Promise.resolve(false);
      gather(message.length);
      return new Promise((resolve) => socket.send(message, (error) => resolve(!error)));
    },
    ping: () => socket.ping(),
    afterTurn: (run) => void setImmediate(run),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  };
};

/** Returns whether nobody answered a request: the address takes no connections, or it is silent. @param ms since the request */
function isUnanswered(error: Error, ms: number): boolean {
  return ms >= CONNECT_MS || ('code' in error && UNANSWERED.has(String(error.code)));
}

/** Says what is wrong with an answer that is no WebSocket handshake. @param ms since the request */
function handshakeFault(ms: number): string {
  if (ms >= CONNECT_MS) return `no answer within ${CONNECT_MS / 1000} s`;
  return 'the server speaks no WebSocket';
}
