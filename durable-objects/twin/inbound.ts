import type { Address } from '../../proto/address.ts';
import { decodeEnvelope, encodeEnvelope, hasTag, pongOf } from '../../proto/envelope.ts';
import { decodeHead } from '../../proto/envelope-head.ts';
import type { Refusal } from '../../proto/reasons.ts';
import type { Session } from './attachment.ts';
import { CLOSE, oversize, undecodable } from './close.ts';
import { routeOf } from './route.ts';

/** An envelope on its way out of the sender's object: the bytes, and what is needed to answer for them. */
export interface Departure {
  readonly from: Session;
  readonly to: Address;
  readonly bytes: Uint8Array;
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
  refuse(what: Pick<Departure, 'from' | 'bytes' | 'isRequest'>, reason: Refusal): void;
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
    port.close(oversize(maxBytes));
    return undefined;
  }
  const bytes = new Uint8Array(frame);
  const decoded = decodeHead(bytes);
  if (!decoded.ok) {
    port.close(undecodable(decoded.error.detail));
    return undefined;
  }
  const head = decoded.value;
  const isRequest = head.kind === 'request';
  if (!port.admit(bytes.length, now)) {
    port.refuse({ from: session, bytes, isRequest }, 'rate-limited');
    return undefined;
  }
  const route = routeOf(head, addressOf(session));
  switch (route.kind) {
    case 'pong':
      pong(bytes, port);
      return undefined;
    case 'refuse':
      port.refuse({ from: session, bytes, isRequest }, route.reason);
      return undefined;
    case 'deliver':
      return port.depart({
        from: session,
        isRequest,
        to: route.to,
        bytes,
        failFast: hasTag(head.tags, 'fail-fast'),
        expiresAt: head.endsAt,
        arrivedAt: now,
      });
  }
}

/** The uid of an envelope that was read: looked for only where somebody is told of it. */
export function uidOf(bytes: Uint8Array): string {
  const decoded = decodeEnvelope(bytes);
  return decoded.ok ? decoded.value.uid : '';
}

/** The address of a session. */
export function addressOf(session: Session): Address {
  return session.sid === undefined ? { twin: session.twin } : { twin: session.twin, connection: session.sid };
}

/** Answers a ping: of nothing else the relay needs all that it says. */
function pong(bytes: Uint8Array, port: InboundPort): void {
  const ping = decodeEnvelope(bytes);
  if (ping.ok) port.reply(encodeEnvelope(pongOf(ping.value)));
}
