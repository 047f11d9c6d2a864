import { relayDomainOf, relayDomains } from '../../proto/twin.ts';
import { sameBytes } from '../bytes.ts';
import type { Profile } from '../chain-writer/update.ts';
import type { KnownTwin } from '../directory/known-twin.ts';
import { RmbError } from '../errors.ts';

/** More relays than this cost a connection each and add nothing. */
const MAX_RELAYS = 4;

/**
 * Returns the values to write for a twin that has no relay or no encryption key on chain; undefined when it has both.
 * What the chain has stays: other programs of the twin rely on it.
 * Throws an `RmbError` when its key on chain is not the secret's: nothing that others encrypt could be decrypted.
 */
export function missingOnChain(twin: KnownTwin, relay: URL, pk: Uint8Array): Profile | undefined {
  const { id, key } = twin;
  if (key.kind !== 'absent' && !sameBytes(key.bytes, pk)) {
    const advice = 'write the right one there: generatePublicKey returns it, and rmb-peer writes it when it starts';
    throw new RmbError('identity', `twin ${id} has another encryption key on chain than this secret's: ${advice}`, {
      twin: id,
    });
  }
  const hasRelay = twin.relay !== null && twin.relay !== '';
  if (hasRelay && key.kind !== 'absent') return undefined;
  return { relay: hasRelay ? (twin.relay ?? '') : relayDomainOf(relay), pk };
}

/**
 * Returns the URLs of a given relay and of those that the twin has on chain: replies come to the latter.
 * @param onChain the twin's relay string
 */
export function relaysOf(given: URL, onChain: string | null): string[] {
  const others = relayDomains(onChain).filter((domain) => domain !== relayDomainOf(given));
  return [given.href, ...others.map((domain) => `${given.protocol}//${domain}`)].slice(0, MAX_RELAYS);
}
