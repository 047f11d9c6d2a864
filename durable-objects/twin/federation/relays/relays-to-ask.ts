import { relayDomains } from '../../../../proto/twin.ts';
import { isOwnRelay } from '../../../domains.ts';
import { isPrivateHost, withoutPort } from './private-host.ts';

/** As many as a peer may have. With a longer list one envelope would be a flood. */
const MOST_RELAYS = 4;

/**
 * Returns the relays that an envelope for this twin goes to. A host counts once, whatever its ports: otherwise one entry
 * on chain sends an envelope to a stranger's server several times. Private hosts, where they are allowed, count by port:
 * several relays of one machine are a test.
 * @param relay the twin's relay string on chain
 * @param own the names of this relay, which is left out
 */
export function relaysToAsk(
  relay: string | null,
  allowsPrivate: boolean,
  own: readonly string[] = [],
): string[] | 'none' | 'private' {
  const named = relayDomains(relay).filter((name) => !isOwnRelay([name], own));
  const byHost = new Map<string, string>();
  for (const name of named) {
    const isPrivate = isPrivateHost(name);
    if (isPrivate && !allowsPrivate) continue;
    const key = isPrivate ? name : withoutPort(name);
    if (!byHost.has(key)) byHost.set(key, name);
  }
  if (named.length === 0) return 'none';
  return byHost.size === 0 ? 'private' : [...byHost.values()].slice(0, MOST_RELAYS);
}

/** Returns the relays of RMB edge first: they say whether they have the session, others store what they get. */
export function edgeFirst(domains: readonly string[], isEdge: (domain: string) => boolean): string[] {
  return [...domains.filter(isEdge), ...domains.filter((domain) => !isEdge(domain))];
}
