import {
  CLOSE_MS,
  CONNECT_MS,
  type Dial,
  type Loss,
  MAX_FRAME_BYTES,
  type Socket,
  type SocketPort,
  TORN_CODE,
} from '../session/socket.ts';
import { askWhy } from './refused-upgrade.ts';

/** The standard has no way to stop reading: a socket that holds more than this for a paused reader ends, bytes. */
const MAX_HELD_BYTES = 64 * 2 ** 20;
const NORMAL_CODE = 1000;

/** Opens a standard WebSocket: in browsers, workerd and Node alike. It has no ping frames and shows no headers: `askWhy` asks for a refusal. */
export const dialWeb: Dial = (url, port, { maxBytes = MAX_FRAME_BYTES, asksWhy = false } = {}): Socket => {
  const socket = opened(url);
  if (socket === undefined) return forbidden(port);
  socket.binaryType = 'arraybuffer';
  let isOpen = false;
  let isEnded = false;
  let isLost = false;
  let isPaused = false;
  let heldBytes = 0;
  const held: (Uint8Array | string)[] = [];

  const given = new AbortController();

  const lose = (loss: Loss) => {
    if (isLost) return;
    isLost = true;
    given.abort();
    clearTimeout(timer);
    port.onLost(loss);
  };
  /** The socket ended by itself. Before it was open the relay may have refused it. */
  const ended = async (code: number, detail: string) => {
    if (isEnded) return;
    isEnded = true;
    clearTimeout(timer);
    const askedAt = Date.now();
    const why = asksWhy && !isOpen ? await askWhy(url, given.signal) : undefined;
    if (why === undefined || isLost) return lose({ code, detail });
    if (why.time !== undefined) port.onDate?.(new Date(why.time * 1000).toUTCString(), askedAt);
    lose({ code, detail: why.detail, isExplained: true, ...(why.cause === undefined ? {} : { cause: why.cause }) });
  };
  /** Neither browsers nor workerd can cut a connection: the close handshake goes on without a listener. */
  const abandon = (detail: string) => {
    close();
    lose({ code: TORN_CODE, detail });
  };
  // Browsers let a page send no other code.
  const close = (reason?: string) => socket.close(NORMAL_CODE, reason);
  let timer = setTimeout(() => abandon(`no answer within ${CONNECT_MS / 1000} s`), CONNECT_MS);

  const take = (message: Uint8Array | string) => {
    if (message.length > maxBytes) return abandon(`a message is larger than ${maxBytes} bytes`);
    port.onHeard?.();
    if (!isPaused) return port.onMessage(message);
    held.push(message);
    heldBytes += message.length;
    if (heldBytes > MAX_HELD_BYTES) abandon('the other side sends faster than this program reads');
  };

  socket.addEventListener('open', () => {
    clearTimeout(timer);
    isOpen = true;
    if (!isLost) port.onOpen();
  });
  socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
    if (isLost) return;
    if (typeof data === 'string') take(data);
    else if (data instanceof ArrayBuffer) take(new Uint8Array(data));
  });
  socket.addEventListener('close', ({ code, reason }: { readonly code: number; readonly reason: string }) => {
    const fault = isOpen ? 'connection closed' : 'no connection';
    void ended(code, reason === '' ? fault : `${code} ${reason}`);
  });
  // In browsers the close event follows in the same task; in workerd it may never come.
  socket.addEventListener('error', () => {
    setTimeout(() => void ended(TORN_CODE, isOpen ? 'connection closed' : 'no connection'), 0);
  });
  return {
    get unsent() {
      return socket.bufferedAmount ?? 0;
    },
    async send(message) {
      if (isLost || socket.readyState !== WebSocket.OPEN) return false;
      socket.send(typeof message === 'string' ? message : new Uint8Array(message));
      return true;
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      while (!isPaused && held.length > 0) {
        const message = held.shift() ?? '';
        heldBytes -= message.length;
        port.onMessage(message);
      }
    },
    close(_, reason) {
      close(reason);
      clearTimeout(timer);
      timer = setTimeout(() => lose({ code: TORN_CODE, detail: 'no answer to the close' }), CLOSE_MS);
    },
    terminate: () => abandon('connection closed'),
  };
};

/** Returns a socket; undefined where the host forbids the address. The host's own error is not kept: it quotes the token. */
function opened(url: string): WebSocket | undefined {
  try {
    return new WebSocket(url);
  } catch {
    return undefined;
  }
}

/** A socket that cannot be opened. */
function forbidden(port: SocketPort): Socket {
  const detail = 'this page may not open the address: a page of https needs a relay of wss';
  const nothing = () => undefined;
  setTimeout(() => port.onLost({ code: TORN_CODE, detail }), 0);
  return { unsent: 0, send: async () => false, pause: nothing, resume: nothing, close: nothing, terminate: nothing };
}
