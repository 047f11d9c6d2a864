import type { Address } from '../../proto/address.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope, hasTag, pongOf } from '../../proto/envelope.ts';
import type { Refusal } from '../../proto/reasons.ts';
import type { Session } from './attachment.ts';
import { CLOSE, undecodable } from './close.ts';
import { routeOf } from './route.ts';

/** An envelope on its way out of the sender's object: the bytes, and what is needed to answer for them. */
export interface Departure {
  readonly from: Session;
  readonly to: Address;
  readonly bytes: Uint8Array;
  readonly uid: string;
  /** Only requests are answered with an error. */
  readonly isRequest: boolean;
  readonly failFast: boolean;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** When its frame came, Unix ms. */
  readonly arrivedAt: number;
}

/** What a frame leads to. */
export interface InboundPort {
  close(close: { readonly code: number; readonly reason: string }): void;
  /** Counts a frame of so many bytes at `now` (Unix ms); whether the twin's limit lets it pass. */
  admit(bytes: number, now: number): boolean;
  reply(bytes: Uint8Array): void;
  refuse(what: Pick<Departure, 'from' | 'uid' | 'isRequest'>, reason: Refusal): void;
  depart(departure: Departure): Promise<void> | undefined;
}

/** Takes one frame of a session at `now` (Unix ms): PROTOCOL §6 in its order. */
export function receive(
  frame: string | ArrayBuffer,
  session: Session,
  { maxBytes, now }: { readonly maxBytes: number; readonly now: number },
  port: InboundPort,
): Promise<void> | undefined {
  if (typeof frame === 'string') {
    port.close(CLOSE.text);
    return undefined;
  }
  if (frame.byteLength > maxBytes) {
    port.close(CLOSE.oversize);
    return undefined;
  }
  const bytes = new Uint8Array(frame);
  const decoded = decodeEnvelope(bytes);
  if (!decoded.ok) {
    port.close(undecodable(decoded.error.detail));
    return undefined;
  }
  const envelope = decoded.value;
  const departing = { from: session, uid: envelope.uid, isRequest: envelope.content?.kind === 'request' };
  if (!port.admit(bytes.length, now)) {
    port.refuse(departing, 'rate-limited');
    return undefined;
  }
  const route = routeOf(envelope, addressOf(session));
  switch (route.kind) {
    case 'pong':
      port.reply(encodeEnvelope(pongOf(envelope)));
      return undefined;
    case 'refuse':
      port.refuse(departing, route.reason);
      return undefined;
    case 'deliver':
      return port.depart({
        from: session,
        uid: envelope.uid,
        isRequest: departing.isRequest,
        to: route.to,
        bytes,
        failFast: failsFast(envelope),
        expiresAt: deadline(envelope),
        arrivedAt: now,
      });
  }
}

/** The address of a session. */
export function addressOf(session: Session): Address {
  return session.sid === undefined ? { twin: session.twin } : { twin: session.twin, connection: session.sid };
}

function failsFast(envelope: Envelope): boolean {
  return hasTag(envelope.tags, 'fail-fast');
}

/** uint64 seconds may exceed what a number holds; a mailbox keeps nothing that long. */
function deadline({ timestamp, expiration }: Envelope): number {
  return Math.min(Number(timestamp) + Number(expiration), Number.MAX_SAFE_INTEGER);
}
