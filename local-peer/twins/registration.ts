import { relayDomainOf, relayDomains, type Twin } from '../../proto/twin.ts';

/** What our twin should say on chain. */
export interface Profile {
  /** Domains joined by `_`. */
  readonly relay: string;
  /** 33 bytes. */
  readonly pk: Uint8Array;
}

/** The profile for these relays, and for those that are kept: a relay string as it stands on chain. */
export function profileFor(relays: readonly URL[], pk: Uint8Array, kept: string | null): Profile {
  return { relay: [...new Set([...relays.map(relayDomainOf), ...relayDomains(kept)])].join('_'), pk };
}

/** Whether the chain must be told: another set of relays, whatever the order, or another key. */
export function differs(twin: Twin, profile: Profile): boolean {
  const [onChain, ours] = [relayDomains(twin.relay), relayDomains(profile.relay)].map((domains) =>
    domains.sort().join('_'),
  );
  return onChain !== ours || twin.pk === null || Buffer.compare(twin.pk, profile.pk) !== 0;
}
