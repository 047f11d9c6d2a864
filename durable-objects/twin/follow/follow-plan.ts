import { relayDomains } from '../../../proto/twin.ts';
import { isOwnRelay } from '../../domains.ts';
import { relaysToAsk } from '../federation/relays/relays-to-ask.ts';

/**
 * What becomes of a mailbox: it stays; or the other relays of its twin are asked whether they have the session; or it
 * moves, because the twin left this relay.
 */
export type FollowPlan =
  | { readonly kind: 'stay' }
  | { readonly kind: 'ask'; readonly domains: readonly string[] }
  | { readonly kind: 'move' };

/**
 * Decides by the twin's relay string on chain.
 * @param own the names of this relay
 */
export function planOf(relay: string | null, own: readonly string[], allowsPrivate: boolean): FollowPlan {
  const domains = relaysToAsk(relay, allowsPrivate, own);
  if (typeof domains === 'string') return { kind: 'stay' };
  return isOwnRelay(relayDomains(relay), own) ? { kind: 'ask', domains } : { kind: 'move' };
}

const FIRST_MS = 10_000;
const MOST_MS = 300_000;

/** Returns how long after so many questions in vain the other relays are asked again. An alarm costs rows. */
export function waitAfter(questions: number): number {
  return Math.min(FIRST_MS * 2 ** questions, MOST_MS);
}
