import { once } from 'node:events';
import { WebSocket } from 'ws';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../proto/envelope.ts';
import type { Identity } from '../../proto/identity.ts';
import { mintToken } from '../../proto/token.ts';

/** A test waits this long for an event, then fails and names the event. Only a hang takes as long, on a busy machine too. */
export const PATIENCE_MS = 120_000;

/** A bare RMB session: frames in, frames out, nothing checked. */
export interface Client extends AsyncDisposable {
  readonly socket: WebSocket;
  send(envelope: Envelope | Uint8Array | string): void;
  /** The next frame, decoded. */
  next(): Promise<Envelope>;
  /** The next frame as it came. */
  nextBytes(): Promise<Uint8Array>;
  /** Frames that nobody has taken yet. */
  readonly waiting: number;
  /** How the connection ended. */
  readonly closed: Promise<{ code: number; reason: string }>;
}

/** Opens a session; rejects with the HTTP status and body when the relay refuses. */
export async function connect(url: string, token: string): Promise<Client> {
  // workerd on this machine ends the TCP connection of a socket that it closed only when the object sleeps.
  const options = { perMessageDeflate: false, closeTimeout: 300 };
  const socket = new WebSocket(`${url}/?${token}`, options);
  const frames: Uint8Array[] = [];
  let wake: (() => void) | undefined;
  socket.on('message', (data: Buffer) => {
    frames.push(new Uint8Array(data));
    wake?.();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await opened(socket);
  const nextBytes = async (): Promise<Uint8Array> => {
    const frame = frames.shift();
    if (frame !== undefined) return frame;
    const arrived = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await within(arrived, 'a frame from the relay');
    return nextBytes();
  };
  return {
    socket,
    send: (message) =>
      socket.send(typeof message === 'string' || message instanceof Uint8Array ? message : encodeEnvelope(message)),
    next: async () => {
      const decoded = decodeEnvelope(await nextBytes());
      if (!decoded.ok) throw new Error(`the relay sent no envelope: ${decoded.error.detail}`);
      return decoded.value;
    },
    nextBytes,
    get waiting() {
      return frames.length;
    },
    closed: within(closed, 'the end of a connection', Number.POSITIVE_INFINITY),
    [Symbol.asyncDispose]: async () => {
      socket.close(1000);
      await closed;
    },
  };
}

const MOST_TRIES = 5;

/**
 * Opens a session of an identity, with a fresh token. A relay gives the chain 2 s to tell of a twin; on a busy machine
 * that may be too little, and says nothing about the relay: then it is asked again.
 */
export async function connectAs(url: string, twin: number, identity: Identity, sid?: string): Promise<Client> {
  for (let tries = 1; ; tries += 1) {
    const now = Math.floor(Date.now() / 1000);
    const claims = sid === undefined ? { twin, now, ttl: 300 } : { twin, sid, now, ttl: 300 };
    try {
      return await connect(url, await mintToken(claims, identity));
    } catch (error) {
      if (tries === MOST_TRIES || !String(error).includes('cannot be looked up')) throw error;
    }
  }
}

/** Rejects when nothing comes of `promise` in time, naming what was awaited. */
export async function within<T>(promise: Promise<T>, what: string, ms = PATIENCE_MS): Promise<T> {
  if (ms === Number.POSITIVE_INFINITY) return promise;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function opened(socket: WebSocket): Promise<void> {
  const refused = once(socket, 'unexpected-response').then(async ([, response]) => {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    throw new Error(`${response.statusCode} ${Buffer.concat(chunks).toString()}`);
  });
  await Promise.race([once(socket, 'open'), refused]);
}
