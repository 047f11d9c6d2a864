import type { Outcome } from '../../../proto/custody/outcome.ts';
import type { Address } from '../../../proto/envelope/address.ts';
import { encodeEnvelope, errorReply } from '../../../proto/envelope/envelope.ts';
import { type Reason, reasonText } from '../../../proto/reasons.ts';
import type { Origin } from '../../contract.ts';
import type { Host } from '../../host.ts';
import type { Count } from '../../stats/catalogue.ts';
import { addressOf, type RoutedEnvelope, uidOf } from './routed-envelope.ts';

/** The part of a routed envelope that an error needs. */
export type Refused = Pick<RoutedEnvelope, 'from' | 'bytes' | 'isRequest' | 'origin'>;

/** The port of refusals to their object. */
export interface RefusalsPort {
  readonly host: Pick<Host, 'now' | 'background'>;
  readonly count: Count;
  /** Sends bytes to a session of this twin, if it is connected. */
  readonly outlets: { send(sid: string | undefined, bytes: Uint8Array): void };
  /** Delivers bytes to a session of this twin, or stores them in its mailbox. */
  readonly delivery: { mail(sid: string | undefined, bytes: Uint8Array): Promise<void> };
  readonly custody: { tell(origin: Origin, outcome: Outcome): void };
}

/** Refuses envelopes: the sender of a request gets an error, any other envelope is dropped. Each is counted. */
export class Refusals {
  readonly #port: RefusalsPort;

  constructor(port: RefusalsPort) {
    this.#port = port;
  }

  /**
   * Refuses an envelope whose sender is still connected.
   * @param seconds after which the destination may take it
   */
  refuse({ from, bytes, isRequest, origin }: Refused, reason: Reason, seconds?: number): void {
    this.#port.count('relay_messages_dropped_total', 1, reason);
    // A custody session sends an envelope of unknown fate again.
    const isFinal = origin === undefined || reason !== 'undelivered';
    if (isRequest && isFinal) this.#port.outlets.send(from.sid, this.#errorOf(bytes, addressOf(from), reason, seconds));
    if (origin !== undefined) this.#port.custody.tell(origin, reason);
  }

  /** Refuses an envelope that was queued for a while: if its sender is away, its mailbox keeps the error. */
  report({ from, bytes, isRequest }: Refused, reason: Reason): void {
    this.#port.count('relay_messages_dropped_total', 1, reason);
    if (isRequest)
      this.#port.host.background(this.#port.delivery.mail(from.sid, this.#errorOf(bytes, addressOf(from), reason)));
  }

  #errorOf(bytes: Uint8Array, sender: Address, reason: Reason, seconds?: number): Uint8Array {
    return errorFor(bytes, sender, reason, Math.floor(this.#port.host.now() / 1000), seconds);
  }
}

/**
 * Returns the error about an envelope, for its sender.
 * @param now Unix seconds
 * @param seconds after which the destination may take it
 */
export function errorFor(
  bytes: Uint8Array,
  sender: Address,
  reason: Reason,
  now: number,
  seconds?: number,
): Uint8Array {
  const request = { uid: uidOf(bytes), timestamp: 0n, expiration: 0n, relays: [] };
  return encodeEnvelope(errorReply(request, sender, reasonText(reason, seconds), now));
}
