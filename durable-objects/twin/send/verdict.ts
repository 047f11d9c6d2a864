import type { Reason } from '../../../proto/reasons.ts';
import { relayDomains } from '../../../proto/twin.ts';
import type { IfAway, TwinLookup, Verdict } from '../../contract.ts';
import { isOwnRelay } from '../../domains.ts';

/** Whether a destination's relay is this one. */
export type Home = 'here' | 'elsewhere' | 'nowhere';

/** The home of a destination by the chain, or why it is refused. */
export type Destination = { readonly home: Home } | { readonly refuse: Reason };

/** Judges a destination by its look-up. A twin of another relay may still be connected here, so it is not refused. */
export function destinationOf(lookup: TwinLookup, ownDomains: readonly string[]): Destination {
  if ('unavailable' in lookup) return { refuse: 'lookup-failed' };
  if ('unknown' in lookup) return { refuse: 'unknown-twin' };
  const domains = relayDomains(lookup.found.relay);
  if (lookup.found.relay === null || lookup.found.relay === '') return { home: 'nowhere' };
  return { home: isOwnRelay(domains, ownDomains) ? 'here' : 'elsewhere' };
}

/** Returns what the receiver does if the session is away: only a twin of this relay has a mailbox here. */
export function ifAway(home: Home, failFast: boolean): IfAway {
  return home === 'here' && !failFast ? 'store' : 'return';
}

const AWAY: Record<Home, Reason> = {
  here: 'offline',
  elsewhere: 'unreachable',
  nowhere: 'no-relay',
};

/** Returns why the sender gets an error; undefined when the envelope was delivered or stored. */
export function reasonOf(verdict: Verdict, home: Home): Reason | undefined {
  switch (verdict) {
    case 'sent':
    case 'stored':
    case 'repeat':
    case 'held':
      return undefined;
    case 'offline':
      return AWAY[home];
    case 'full':
      return 'mailbox-full';
    case 'share':
      return 'mailbox-share';
    case 'expired':
      return 'expired';
    case 'version':
      return 'relay-version';
    default:
      // Of later code.
      return 'undelivered';
  }
}
