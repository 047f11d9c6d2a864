import { type BareSession, openBare } from '../../../client/session/bare.ts';
import type { Envelope } from '../../../proto/envelope/envelope.ts';
import type { Identity } from '../../../proto/identity.ts';
import { mintToken } from '../../../proto/token/token.ts';

/** A test waits this long for an event, then fails and names the event. Only a hang takes as long, on a busy machine too. */
export const PATIENCE_MS = 120_000;

/** A bare RMB session: frames in, frames out, nothing checked. */
export interface Client extends AsyncDisposable, Pick<BareSession, 'socket' | 'send' | 'waiting'> {
  /** The next frame, decoded. */
  next(): Promise<Envelope>;
  /** The next frame as it came. */
  nextBytes(): Promise<Uint8Array>;
  /** How the connection ended. */
  readonly closed: BareSession['ended'];
}

/** Opens a session; rejects with the HTTP status and body when the relay refuses. */
export async function connect(url: string, token: string): Promise<Client> {
  const bare = await openBare(`${url}/?${token}`, PATIENCE_MS);
  return {
    socket: bare.socket,
    send: bare.send,
    next: () => bare.next(PATIENCE_MS),
    nextBytes: () => bare.nextBytes(PATIENCE_MS),
    get waiting() {
      return bare.waiting;
    },
    closed: bare.ended,
    [Symbol.asyncDispose]: bare.close,
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
