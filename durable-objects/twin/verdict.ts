import type { Refusal } from '../../proto/reasons.ts';
import { relayDomains } from '../../proto/twin.ts';
import type { IfAway, TwinLookup, Verdict } from '../contract.ts';
import { isOurs } from '../domains.ts';

/** Whether a destination's relay is this one. */
export type Home = 'here' | 'elsewhere' | 'nowhere';

/** What the chain says about a destination, seen from this relay. */
export type Standing = { readonly home: Home } | { readonly refuse: Refusal };

/** Judged once for each look-up and host: a destination that is written to often is the same one for ten seconds. */
export class Standings {
  readonly #ownDomains: (host: string) => readonly string[];
  readonly #known = new WeakMap<TwinLookup, Map<string, Standing>>();

  /** @param ownDomains the names of this relay, for a session that reached it by `host` */
  constructor(ownDomains: (host: string) => readonly string[]) {
    this.#ownDomains = ownDomains;
  }

  /** How a destination stands for a session that reached this relay by `host`. */
  of(lookup: TwinLookup, host: string): Standing {
    let byHost = this.#known.get(lookup);
    if (byHost === undefined) {
      byHost = new Map();
      this.#known.set(lookup, byHost);
    }
    let standing = byHost.get(host);
    if (standing === undefined) {
      standing = standingOf(lookup, this.#ownDomains(host));
      byHost.set(host, standing);
    }
    return standing;
  }
}

/** Judges a looked-up destination. A twin of another relay may still be connected here, so it is not refused. */
export function standingOf(lookup: TwinLookup, ownDomains: readonly string[]): Standing {
  if ('unavailable' in lookup) return { refuse: 'lookup-failed' };
  if ('unknown' in lookup) return { refuse: 'unknown-twin' };
  const domains = relayDomains(lookup.found.relay);
  if (lookup.found.relay === null || lookup.found.relay === '') return { home: 'nowhere' };
  return { home: isOurs(domains, ownDomains) ? 'here' : 'elsewhere' };
}

/** Only a twin of ours has a mailbox here, and `fail-fast` asks for none. */
export function ifAway(home: Home, failFast: boolean): IfAway {
  return home === 'here' && !failFast ? 'store' : 'return';
}

const AWAY: Record<Home, Refusal> = {
  here: 'offline',
  elsewhere: 'unreachable',
  nowhere: 'no-relay',
};

/** Turns what the receiving end answered into the reason for the sender; undefined when all is well. */
export function refusalOf(verdict: Verdict, home: Home): Refusal | undefined {
  switch (verdict) {
    case 'sent':
    case 'stored':
    case 'repeat':
      return undefined;
    case 'offline':
      return AWAY[home];
    case 'full':
      return 'mailbox-full';
    case 'share':
      return 'mailbox-share';
    case 'expired':
      return 'expired';
  }
}
