import { type Address, sameAddress } from '../../../proto/envelope/address.ts';
import type { EnvelopeHead } from '../../../proto/envelope/envelope-head.ts';
import type { Reason } from '../../../proto/reasons.ts';
import { isSid } from '../sessions/sid.ts';

/** Where an envelope of a session goes, by the envelope alone (PROTOCOL §6, steps 3–5). */
export type Route =
  | { readonly kind: 'pong' }
  | { readonly kind: 'deliver'; readonly to: Address }
  | { readonly kind: 'refuse'; readonly reason: Reason };

/** Decides in the reference's order: first the source, then pings, then the destination. */
export function routeOf(head: Pick<EnvelopeHead, 'source' | 'destination' | 'kind'>, session: Address): Route {
  if (!sameAddress(head.source, session)) return { kind: 'refuse', reason: 'wrong-source' };
  if (head.kind === 'ping') return { kind: 'pong' };
  const to = head.destination;
  if (to === undefined || to.twin === 0) return { kind: 'refuse', reason: 'missing-destination' };
  // No session can have this sid, and the receiver's object would store it.
  if (!isSid(to.connection)) return { kind: 'refuse', reason: 'bad-sid' };
  return { kind: 'deliver', to };
}
