import { relayDomainOf, relayDomains } from '../proto/twin.ts';
import type { TwinDirectory } from './directory/known-twin.ts';

/** Returns why replies to a twin that is connected to these relays may go astray, for people; undefined: they do not. */
export async function misplacedAt(
  twins: Pick<TwinDirectory, 'get'>,
  twin: number,
  relays: readonly URL[],
): Promise<string | undefined> {
  const known = await twins.get(twin).catch(() => undefined);
  const onChain = relayDomains(known?.relay ?? null);
  if (known === undefined || relays.some((url) => onChain.includes(relayDomainOf(url)))) return undefined;
  const there = onChain.length === 0 ? 'no relay' : `relay ${onChain.join(', ')}`;
  const here = relays.map(relayDomainOf).join(', ');
  return `twin ${twin} has ${there} on chain, expected ${here}: twins of other relays reply there`;
}
