import { type Address, sameAddress } from '../../proto/address.ts';
import type { Envelope } from '../../proto/envelope.ts';
import type { Refusal } from '../../proto/reasons.ts';

/** Where an envelope of a session goes, as far as the envelope alone tells (PROTOCOL §6, steps 3–5). */
export type Route =
  | { readonly kind: 'pong' }
  | { readonly kind: 'deliver'; readonly to: Address }
  | { readonly kind: 'refuse'; readonly reason: Refusal };

/** Decides in the reference's order: the source first, then pings, then the destination. */
export function routeOf(envelope: Envelope, session: Address): Route {
  if (!sameAddress(envelope.source, session)) return { kind: 'refuse', reason: 'wrong-source' };
  if (envelope.content?.kind === 'ping') return { kind: 'pong' };
  const to = envelope.destination;
  if (to === undefined || to.twin === 0) return { kind: 'refuse', reason: 'missing-destination' };
  return { kind: 'deliver', to };
}
