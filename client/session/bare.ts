import { WebSocket } from 'ws';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';

/** End of a connection, as its client sees it: 1005 is a close without a code, 1006 an end without a close. */
interface BareClose {
  readonly code: number;
  readonly reason: string;
}

/** A relay answered the upgrade with a refusal. */
export class BareRefusal extends Error {
  override readonly name = 'BareRefusal';
  readonly status: number;
  readonly body: string;

  constructor(status: number, body: string) {
    super(`${status} ${body}`);
    this.status = status;
    this.body = body;
  }
}

/** A bare session: frames in, frames out, nothing checked. For the conformance suite and the tests, which send garbage. */
export interface BareSession {
  readonly socket: WebSocket;
  /** Frames that nobody has taken yet. */
  readonly waiting: number;
  send(frame: Envelope | Uint8Array | string): void;
  /** Resolves with the next frame as it came. Throws when none comes within `ms`, or the connection ends. */
  nextBytes(ms: number): Promise<Uint8Array>;
  /** Resolves with the next frame, decoded. Throws as `nextBytes`, and when the frame is no envelope. */
  next(ms: number): Promise<Envelope>;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<BareClose>;
  close(): Promise<void>;
}

/** A local workerd ends a closed connection only when its object sleeps: nobody waits for that, ms. */
const CLOSE_MS = 300;

/** Opens a bare session. Throws a `BareRefusal` when the relay refuses, and an error when it does not answer in `ms`. */
export async function openBare(url: string, ms: number): Promise<BareSession> {
  // No compression, as in RMB clients.
  const options = { perMessageDeflate: false, closeTimeout: CLOSE_MS };
  const socket = new WebSocket(url, options);
  // Before the socket is open: mail may come in the same packet.
  const session = bareSession(socket);
  const opened = Promise.withResolvers<void>();
  socket.once('open', opened.resolve);
  socket.once('error', opened.reject);
  socket.once('unexpected-response', (_, response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    const end = () => opened.reject(new BareRefusal(response.statusCode ?? 0, Buffer.concat(chunks).toString()));
    response.once('end', end);
    response.once('error', end);
  });
  try {
    await within(opened.promise, 'answer to the upgrade', ms);
    return session;
  } catch (error) {
    // Otherwise its connection keeps the program alive.
    socket.terminate();
    throw error;
  }
}

function bareSession(socket: WebSocket): BareSession {
  const frames: Uint8Array[] = [];
  let wake: () => void = () => undefined;
  socket.on('message', (data: Buffer) => {
    frames.push(new Uint8Array(data));
    wake();
  });
  const end = Promise.withResolvers<BareClose>();
  socket.once('close', (code, reason) => end.resolve({ code, reason: reason.toString() }));
  // Nobody waits for a frame that cannot come any more.
  const broken = end.promise.then(({ code }) => Promise.reject(new Error(`connection closed, ${code}`)));
  broken.catch(() => undefined);
  // The close that follows says what broke.
  socket.on('error', () => undefined);
  const nextBytes = async (ms: number): Promise<Uint8Array> => {
    const frame = frames.shift();
    if (frame !== undefined) return frame;
    const arrived = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await within(Promise.race([arrived, broken]), 'frame', ms);
    return nextBytes(ms);
  };
  return {
    socket,
    get waiting() {
      return frames.length;
    },
    send: (frame) => socket.send(typeof frame === 'string' || isBytes(frame) ? frame : encodeEnvelope(frame)),
    nextBytes,
    next: async (ms) => {
      const decoded = decodeEnvelope(await nextBytes(ms));
      if (!decoded.ok) throw new Error(`the relay sent no envelope: ${decoded.error.detail}`);
      return decoded.value;
    },
    ended: end.promise,
    close: async () => {
      socket.close(1000);
      await end.promise;
    },
  };
}

function isBytes(frame: Envelope | Uint8Array): frame is Uint8Array {
  return frame instanceof Uint8Array;
}

async function within<T>(promise: Promise<T>, what: string, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
