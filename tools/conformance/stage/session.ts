import { BareRefusal, type BareSession, openBare } from '../../../client/session/bare.ts';
import type { Address } from '../../../proto/envelope/address.ts';
import type { Envelope } from '../../../proto/envelope/envelope.ts';

/** One session of a twin: frames in, frames out, without checks. */
export interface Session extends Pick<BareSession, 'socket' | 'send' | 'close'> {
  readonly address: Address;
  /**
   * Resolves with the next frame, decoded. Rejects when none comes in time, or the connection ends.
   * @param more ms beyond the usual time limit
   */
  next(more?: number): Promise<Envelope>;
  /** Resolves with the bytes of the next frame. */
  nextBytes(): Promise<Uint8Array>;
  /** Resolves with the end of the connection. Rejects when it does not end in time. */
  ended(): BareSession['ended'];
}

/** Resolves with the promise's value. Rejects when it does not settle within `ms`. */
export async function within<T>(promise: Promise<T>, what: string, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Opens a session. Rejects with status and body when it is refused.
 * @param patience time limit of each read, ms
 */
export async function openSession(url: string, address: Address, patience: number): Promise<Session> {
  const bare = await openBare(url, patience).catch((error: unknown) => {
    throw error instanceof BareRefusal ? new Error(`no session: ${error.message}`) : error;
  });
  return {
    address,
    socket: bare.socket,
    send: bare.send,
    next: (more = 0) => bare.next(patience + more),
    nextBytes: () => bare.nextBytes(patience),
    ended: () => within(bare.ended, 'end of the connection', patience),
    close: bare.close,
  };
}
