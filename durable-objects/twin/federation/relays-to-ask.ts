import { relayDomains } from '../../../proto/twin.ts';
import { hostOf, isPrivateHost } from './private-host.ts';

/** As many as a peer may have: a longer list would make one message a flood. */
const MOST_RELAYS = 4;

/**
 * Returns the relays that a message to this twin is brought to. A host counts once, whatever ports stand behind it:
 * otherwise one entry on chain brings a message to a stranger's server several times. Private hosts count by port, and
 * only when they are allowed: several relays of one machine are a test.
 * @param relay the twin's relay string on chain
 */
export function relaysToAsk(relay: string | null, allowsPrivate: boolean): string[] | 'none' | 'private' {
  const named = relayDomains(relay);
  const byHost = new Map<string, string>();
  for (const name of named) {
    const isPrivate = isPrivateHost(name);
    if (isPrivate && !allowsPrivate) continue;
    const key = isPrivate ? name : hostOf(name);
    if (!byHost.has(key)) byHost.set(key, name);
  }
  if (named.length === 0) return 'none';
  return byHost.size === 0 ? 'private' : [...byHost.values()].slice(0, MOST_RELAYS);
}
