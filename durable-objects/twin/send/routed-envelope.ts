import type { Address } from '../../../proto/envelope/address.ts';
import { decodeEnvelope } from '../../../proto/envelope/envelope.ts';
import type { Origin } from '../../contract.ts';
import type { Session } from '../sessions/attachment.ts';

/** An envelope with its decoded head, its source session and its destination, from `inbound` to `deliver`. */
export interface RoutedEnvelope {
  /** The session that sent it. */
  readonly from: Session;
  readonly to: Address;
  /** The envelope exactly as its sender wrote it. */
  readonly bytes: Uint8Array;
  /** Only a request is answered with an error. */
  readonly isRequest: boolean;
  readonly failFast: boolean;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** It was in the mailbox of this object's twin, which moved. Its sender is another twin. */
  readonly isMail?: true;
  /** When its frame arrived, Unix ms. Absent once it comes from the federation queue. */
  readonly arrivedAt?: number;
  /** Present while its custody session waits for a receipt. */
  readonly origin?: Origin | undefined;
}

/** Returns the uid of an envelope whose head was decoded before. It is read again because only an error needs it. */
export function uidOf(bytes: Uint8Array): string {
  const decoded = decodeEnvelope(bytes);
  return decoded.ok ? decoded.value.uid : '';
}

/** Returns the address of a session. */
export function addressOf(session: Session): Address {
  return session.sid === undefined ? { twin: session.twin } : { twin: session.twin, connection: session.sid };
}
