import type { WebSocket } from 'ws';
import type { Address } from '../../proto/address.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../proto/envelope.ts';
import type { Identity } from '../../proto/identity.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import { mintToken } from '../../proto/token.ts';
import { dial } from '../relays/socket.ts';

const OPEN_MS = 3_000;
/** As a peer’s. */
const TOKEN_SECONDS = 300;

/** A session of our twin under a name of its own, so that no peer’s is thrown out. */
export interface DoctorSession {
  readonly address: Address;
  send(envelope: Envelope): void;
  /** The next envelope with this uid. @throws when the relay ends the session before */
  next(uid: string): Promise<Envelope>;
  close(): void;
}

/** Who opens a session, and when: Unix seconds, as the relay has them. */
export interface SessionOwner {
  readonly twin: number;
  readonly identity: Identity;
  now(): number;
}

/** Opens one; why it cannot be, as the socket tells it. */
export async function openSession(relay: URL, owner: SessionOwner): Promise<Result<DoctorSession, string>> {
  const sid = `doctor-${crypto.randomUUID()}`;
  const { twin, identity } = owner;
  const token = await mintToken({ twin, sid, now: owner.now(), ttl: TOKEN_SECONDS, aud: relay.host }, identity);
  const opened = Promise.withResolvers<string | undefined>();
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => undefined);
  const patience = setTimeout(() => opened.resolve(`no answer within ${OPEN_MS / 1000} s`), OPEN_MS);
  const socket = dial(`${relay.href.replace(/\/$/, '')}/?${token}`, {
    onDate: () => undefined,
    // A relay may open the door only to refuse at once: its first answer counts.
    onOpen: () => socket.ping(),
    onLost: (_, detail) => {
      opened.resolve(detail);
      lost.reject(new Error(detail));
    },
  });
  socket.once('pong', () => opened.resolve(undefined));
  const waiting = listen(socket);
  const fault = await opened.promise;
  clearTimeout(patience);
  if (fault !== undefined) {
    socket.terminate();
    return err(fault);
  }
  return ok({
    address: { twin, connection: sid },
    send: (envelope) => socket.send(encodeEnvelope(envelope)),
    next: (uid) => Promise.race([waiting(uid), lost.promise]),
    close: () => socket.close(1000),
  });
}

/** What comes for a uid, whether it is waited for already or not. */
function listen(socket: WebSocket): (uid: string) => Promise<Envelope> {
  const came = new Map<string, PromiseWithResolvers<Envelope>>();
  const of = (uid: string) => {
    const known = came.get(uid) ?? Promise.withResolvers<Envelope>();
    came.set(uid, known);
    return known;
  };
  socket.on('message', (data: Buffer) => {
    const decoded = decodeEnvelope(new Uint8Array(data));
    if (decoded.ok) of(decoded.value.uid).resolve(decoded.value);
  });
  return (uid) => of(uid).promise;
}
