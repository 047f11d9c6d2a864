import type { Profile } from '../../client/chain-writer/update.ts';
import { relayDomainOf, relayDomains, type Twin } from '../../proto/twin.ts';

/** Returns the profile of these relays, and of the kept ones. @param kept a relay string of the chain */
export function profileFor(relays: readonly URL[], pk: Uint8Array, kept: string | null): Profile {
  return { relay: [...new Set([...relays.map(relayDomainOf), ...relayDomains(kept)])].join('_'), pk };
}

/** Returns whether the chain has another set of relays, in any order, or another key. */
export function differs(twin: Twin, profile: Profile): boolean {
  const [onChain, own] = [relayDomains(twin.relay), relayDomains(profile.relay)].map((domains) =>
    domains.sort().join('_'),
  );
  return onChain !== own || twin.pk === null || Buffer.compare(twin.pk, profile.pk) !== 0;
}
