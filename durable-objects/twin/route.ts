import { type Address, sameAddress } from '../../proto/address.ts';
import type { EnvelopeHead } from '../../proto/envelope-head.ts';
import type { Refusal } from '../../proto/reasons.ts';
import { isSid } from './sid.ts';

/** Where an envelope of a session goes, as far as the envelope alone tells (PROTOCOL §6, steps 3–5). */
export type Route =
  | { readonly kind: 'pong' }
  | { readonly kind: 'deliver'; readonly to: Address }
  | { readonly kind: 'refuse'; readonly reason: Refusal };

/** Decides in the reference's order: the source first, then pings, then the destination. */
export function routeOf(head: Pick<EnvelopeHead, 'source' | 'destination' | 'kind'>, session: Address): Route {
  if (!sameAddress(head.source, session)) return { kind: 'refuse', reason: 'wrong-source' };
  if (head.kind === 'ping') return { kind: 'pong' };
  const to = head.destination;
  if (to === undefined || to.twin === 0) return { kind: 'refuse', reason: 'missing-destination' };
  // No session can have it, and what it names would be kept in the receiver's object.
  if (!isSid(to.connection)) return { kind: 'refuse', reason: 'bad-sid' };
  return { kind: 'deliver', to };
}
