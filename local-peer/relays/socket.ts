import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { systemFault } from '../system-fault.ts';

const CONNECT_MS = 10_000;
/** The first words of a refusal are enough; whoever says none, or never ends, is not waited for. */
const REFUSAL_MS = 2_000;
/**
 * After a close of either side the relay has this long to end the connection. workerd on one's own machine ends it only
 * when its object sleeps: a peer that waited for that would be away for 10 s.
 */
const CLOSE_MS = 2_000;
const MAX_FRAME = 32 * 2 ** 20;
/** A write of this size is worth its system call, bytes. */
const MOST_GATHERED = 64 * 2 ** 10;

/** Whom a socket tells. */
export interface SocketPort {
  /** The relay's Date, with our Unix ms when it was asked. */
  onDate(date: string, askedAt: number): void;
  onOpen(): void;
  /** Called once, however it ends. @param detail for people */
  onLost(code: number, detail: string): void;
}

/** What carries each WebSocket. */
const wires = new WeakMap<WebSocket, Socket>();

/**
 * Before `bytes` are sent on it: what is sent until the event loop comes round leaves in one write, so that a relay
 * reads it at once. Much goes by itself, as what waits here counts as not taken by the relay.
 */
export function gather(socket: WebSocket, bytes: number): void {
  const wire = wires.get(socket);
  if (wire === undefined) return;
  if (wire.writableLength + bytes > MOST_GATHERED) wire.uncork();
  else if (wire.writableCorked === 0) {
    wire.cork();
    setImmediate(() => wire.uncork());
  }
}

/** Opens a WebSocket to a relay. A refusal, however broken, ends in `onLost`. */
export function dial(url: string, port: SocketPort): WebSocket {
  const options = {
    perMessageDeflate: false,
    handshakeTimeout: CONNECT_MS,
    closeTimeout: CLOSE_MS,
    maxPayload: MAX_FRAME,
  };
  const askedAt = Date.now();
  const socket = new WebSocket(url, options);
  const tellDate = ({ date }: { readonly date?: string | undefined }) => {
    if (date !== undefined) port.onDate(date, askedAt);
  };
  let fault = 'connection closed';
  let isRefused = false;
  socket.on('unexpected-response', (request, response) => {
    tellDate(response.headers);
    fault = `refused: ${response.statusCode}`;
    isRefused = true;
    const end = () => {
      clearTimeout(patience);
      request.destroy();
      socket.terminate();
    };
    const patience = setTimeout(end, REFUSAL_MS);
    response.once('data', (chunk: Buffer) => {
      fault += ` ${chunk.toString().slice(0, 200)}`;
      end();
    });
    response.once('error', end);
    response.once('close', end);
  });
  socket.on('upgrade', (response) => {
    tellDate(response.headers);
    wires.set(socket, response.socket);
  });
  socket.on('error', (error) => {
    // That we ended a refused connection ourselves says less than the refusal.
    if (!isRefused) fault = systemFault(error) ?? handshakeFault(Date.now() - askedAt);
  });
  socket.on('open', () => port.onOpen());
  socket.once('close', (code, reason) => {
    port.onLost(code, reason.length > 0 ? `${code} ${reason.toString()}` : fault);
  });
  return socket;
}

/** What is wrong when the library refuses an answer, and the system has no fault. @param ms since it was asked */
function handshakeFault(ms: number): string {
  if (ms >= CONNECT_MS) return `no answer within ${CONNECT_MS / 1000} s`;
  return 'what answers there is no WebSocket';
}
