import { openBare } from '../../../client/session/bare.ts';
import { mintToken } from '../../../proto/token/token.ts';
import type { Start } from './messages.ts';
import { bareTwin, sealedBytes } from './sealed.ts';

/** Limit of one answer, ms. */
const PATIENCE_MS = 30_000;
const TOKEN_LIFE_S = 600;

/** A bare session of the benchmark. */
interface Transport {
  /** Sends the same sealed bytes again. */
  send(): void;
  /** Resolves with the next frame. */
  next(): Promise<Uint8Array>;
  onFrame(listener: () => void): void;
  close(): Promise<void>;
}

/** Opens a session at the relay that seals one envelope, and opens none. */
export async function openSession(
  { relay, secret, own, twin, bytes }: Pick<Start, 'relay' | 'secret' | 'own' | 'twin' | 'bytes'>,
  kind: 'request' | 'response',
): Promise<Transport> {
  const me = await bareTwin(secret);
  const frame = await sealedBytes(bytes, kind, { twin: own, me, to: twin });
  const token = await mintToken({ twin: own, now: Math.floor(Date.now() / 1000), ttl: TOKEN_LIFE_S }, me);
  const session = await openBare(`${relay}/?${token}`, PATIENCE_MS);
  return {
    send: () => session.send(frame),
    next: () => session.nextBytes(PATIENCE_MS),
    onFrame: (listener) => session.socket.on('message', listener),
    close: session.close,
  };
}

/** Resolves with a function that makes one bare round trip: sealed bytes there, sealed bytes back. */
export async function openTransport(start: Start): Promise<() => Promise<unknown>> {
  const session = await openSession(start, 'request');
  return () => {
    session.send();
    return session.next();
  };
}
