import { dialNode } from '../../../client/session/node-socket.ts';
import type { Socket } from '../../../client/session/socket.ts';
import type { Address } from '../../../proto/envelope/address.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import type { Identity } from '../../../proto/identity.ts';
import { err, ok, type Result } from '../../../proto/result.ts';
import { mintToken } from '../../../proto/token/token.ts';

const OPEN_MS = 3_000;
/** Life of a token, as a peer's, seconds. */
const TOKEN_SECONDS = 300;

/** A session of the own twin under a fresh sid, so that it replaces no peer's session. */
export interface DoctorSession {
  readonly address: Address;
  send(envelope: Envelope): void;
  /** The next envelope with this uid. @throws when the relay ends the session before */
  next(uid: string): Promise<Envelope>;
  close(): void;
}

/** The twin that opens a session, and the relay's time, Unix seconds. */
export interface SessionOwner {
  readonly twin: number;
  readonly identity: Identity;
  now(): number;
}

/** Opens a session. Returns the socket's fault when that fails. */
export async function openSession(relay: URL, owner: SessionOwner): Promise<Result<DoctorSession, string>> {
  const sid = `doctor-${crypto.randomUUID()}`;
  const { twin, identity } = owner;
  const token = await mintToken({ twin, sid, now: owner.now(), ttl: TOKEN_SECONDS, aud: relay.host }, identity);
  const opened = Promise.withResolvers<string | undefined>();
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => undefined);
  const patience = setTimeout(() => opened.resolve(`no answer within ${OPEN_MS / 1000} s`), OPEN_MS);
  const inbox = new Inbox();
  const socket: Socket = dialNode(`${relay.href.replace(/\/$/, '')}/?${token}`, {
    // A relay may open the door only to refuse at once: its first sign of life counts.
    onOpen: () => socket.ping?.(),
    onHeard: () => opened.resolve(undefined),
    onMessage: (message) => inbox.add(message),
    onLost: ({ detail }) => {
      opened.resolve(detail);
      lost.reject(new Error(detail));
    },
  });
  const fault = await opened.promise;
  clearTimeout(patience);
  if (fault !== undefined) {
    socket.terminate();
    return err(fault);
  }
  return ok({
    address: { twin, connection: sid },
    send: (envelope) => void socket.send(encodeEnvelope(envelope)),
    next: (uid) => Promise.race([inbox.next(uid), lost.promise]),
    close: () => socket.close(1000),
  });
}

/** Envelopes by uid, whether somebody waits for them already or not. */
class Inbox {
  readonly #came = new Map<string, PromiseWithResolvers<Envelope>>();

  add(message: Uint8Array | string): void {
    if (typeof message === 'string') return;
    const decoded = decodeEnvelope(message);
    if (decoded.ok) this.#of(decoded.value.uid).resolve(decoded.value);
  }

  next(uid: string): Promise<Envelope> {
    return this.#of(uid).promise;
  }

  #of(uid: string): PromiseWithResolvers<Envelope> {
    const known = this.#came.get(uid) ?? Promise.withResolvers<Envelope>();
    this.#came.set(uid, known);
    return known;
  }
}
