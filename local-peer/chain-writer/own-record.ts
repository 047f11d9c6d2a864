import { judgeKey } from '../../client/directory/judge-key.ts';
import { relayDomainOf, relayDomains, type Twin } from '../../proto/twin.ts';

/** Values that the own twin needs on chain, so that others reach this peer and encrypt for it. */
export interface OwnProfile {
  readonly relays: readonly URL[];
  /** 33 bytes. */
  readonly pk: Uint8Array;
}

/** Returns what is wrong with the own twin on chain, for people; undefined when others reach this peer. */
export function ownFault(twin: Twin, { relays, pk }: OwnProfile): string | undefined {
  const faults = [relayFault(twin, relays.map(relayDomainOf)), keyFault(twin, pk)];
  return faults.filter((fault) => fault !== undefined).join('; ') || undefined;
}

/** One relay of this peer on chain is enough: others reach the peer through it. */
function relayFault({ id, relay }: Twin, own: readonly string[]): string | undefined {
  const onChain = relayDomains(relay);
  if (own.some((domain) => onChain.includes(domain))) return undefined;
  const there = onChain.length === 0 ? 'no relay' : `relay ${onChain.join(', ')}`;
  return `twin ${id} has ${there} on chain, expected ${own.join(', ')}: others do not reach this peer`;
}

function keyFault({ id, pk: onChain }: Twin, pk: Uint8Array): string | undefined {
  if (onChain !== null && Buffer.compare(onChain, pk) === 0) return undefined;
  switch (judgeKey(onChain).kind) {
    case 'absent':
      return `twin ${id} has no key on chain: others cannot encrypt for this peer`;
    case 'broken':
      return `the key of twin ${id} on chain is no secp256k1 public key: other peers refuse this twin`;
    case 'valid':
      return `the key of twin ${id} on chain is not the key of this peer: it cannot read what others encrypt`;
  }
}
