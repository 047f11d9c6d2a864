import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Address } from '../proto/address.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../proto/envelope.ts';

/** What ended a connection, as its client sees it; 1005 is a close without a code, 1006 none at all. */
interface Close {
  readonly code: number;
  readonly reason: string;
}

/** One session of a twin: frames in, frames out, nothing checked. */
export interface Session {
  readonly address: Address;
  readonly socket: WebSocket;
  send(frame: Envelope | Uint8Array | string): void;
  /**
   * The next frame, decoded. Throws when none comes in time, or the connection ends.
   * @param more ms to wait beyond the usual
   */
  next(more?: number): Promise<Envelope>;
  /** The next frame as it came. */
  nextBytes(): Promise<Uint8Array>;
  /** How the connection ended. Throws when it does not in time. */
  ended(): Promise<Close>;
  close(): Promise<void>;
}

/** Something that should have come did not; `what` is for people. */
class Silence extends Error {
  constructor(what: string, ms: number) {
    super(`no ${what} within ${ms / 1000} s`);
  }
}

/** Rejects when nothing comes of `promise` within `ms`. */
export async function within<T>(promise: Promise<T>, what: string, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Silence(what, ms)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function sessionOf(socket: WebSocket, address: Address, patience: number): Session {
  const frames: Uint8Array[] = [];
  let wake: (() => void) | undefined;
  socket.on('message', (data: Buffer) => {
    frames.push(new Uint8Array(data));
    wake?.();
  });
  const end = Promise.withResolvers<Close>();
  socket.once('close', (code, reason) => end.resolve({ code, reason: reason.toString() }));
  // So that nobody waits for what cannot come any more.
  const broken = end.promise.then(({ code }) => Promise.reject(new Error(`connection closed, ${code}`)));
  broken.catch(() => undefined);
  // What broke is told by the close that follows.
  socket.on('error', () => undefined);
  const nextBytes = async (more = 0): Promise<Uint8Array> => {
    const frame = frames.shift();
    if (frame !== undefined) return frame;
    const arrived = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await within(Promise.race([arrived, broken]), 'frame', patience + more);
    return nextBytes(more);
  };
  return {
    address,
    socket,
    send: (frame) => socket.send(isRaw(frame) ? frame : encodeEnvelope(frame)),
    next: async (more) => {
      const decoded = decodeEnvelope(await nextBytes(more));
      if (!decoded.ok) throw new Error(`the relay sent what is no envelope: ${decoded.error.detail}`);
      return decoded.value;
    },
    nextBytes: () => nextBytes(),
    ended: () => within(end.promise, 'end of the connection', patience),
    close: async () => {
      socket.close(1000);
      await end.promise;
    },
  };
}

function isRaw(frame: Envelope | Uint8Array | string): frame is Uint8Array | string {
  return typeof frame === 'string' || frame instanceof Uint8Array;
}

/**
 * Opens a session. @param patience ms to wait for what must come
 * @throws with status and body when it is refused
 */
export async function openSession(url: string, address: Address, patience: number): Promise<Session> {
  // No compression, as RMB clients; and a server that leaves a closed connection open is not waited for.
  const options = { perMessageDeflate: false, closeTimeout: 300 };
  const socket = new WebSocket(url, options);
  // Before it is open: mail may come in the same breath.
  const session = sessionOf(socket, address, patience);
  const refused = once(socket, 'unexpected-response').then(async ([, response]) => {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    throw new Error(`no session: ${response.statusCode} ${Buffer.concat(chunks).toString()}`);
  });
  refused.catch(() => undefined);
  try {
    await within(Promise.race([once(socket, 'open'), refused]), 'answer to the upgrade', patience);
  } catch (error) {
    // Else its connection would keep the program alive.
    socket.terminate();
    throw error;
  }
  return session;
}
