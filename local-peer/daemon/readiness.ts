import type { PartState } from '../../client/ports.ts';
import type { PeerState } from './state.ts';

/** A part that is not up, and why, for people. */
export interface Missing {
  /** `redis`, `chain`, `twin on chain`, or `relay <host>`. */
  readonly part: string;
  readonly why: string;
}

/** Returns whether programs can rely on the peer: Redis and a relay are up, and the peer is not stopping. */
export function isReady({ redis, relays, isStopping }: PeerState): boolean {
  return redis.isUp && [...relays.values()].some(({ isUp }) => isUp) && !isStopping;
}

/** Returns every part that is not up, also those that the peer can do without for a while. */
export function missingParts({ redis, chain, onChain, relays }: PeerState): Missing[] {
  const parts: [string, PartState][] = [
    ['redis', redis],
    ['chain', chain],
    ...(onChain === undefined ? [] : [['twin on chain', onChain] satisfies [string, PartState]]),
    ...[...relays].map(([host, state]): [string, PartState] => [`relay ${host}`, state]),
  ];
  return parts.filter(([, { isUp }]) => !isUp).map(([part, { detail }]) => ({ part, why: detail }));
}

/** Returns the peer's state in one line. */
export function statusLine(state: PeerState): string {
  const who = state.twin === undefined ? 'twin not known yet' : `twin ${state.twin}`;
  const how = state.isStopping ? 'stopping' : isReady(state) ? 'ready' : 'not ready';
  const missing = missingParts(state).map(({ part, why }) => `${part}: ${why}`);
  return [`${who} ${how}`, ...missing].join('; ').replaceAll(/\s+/g, ' ');
}
