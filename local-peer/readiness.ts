import type { PartState, PeerState } from './state.ts';

/** A part that is not up, and why, for people. */
export interface Missing {
  /** `redis`, `chain`, `twin on chain`, or `relay <host>`. */
  readonly part: string;
  readonly why: string;
}

/** Whether programs can count on the peer: Redis and a relay are up, and it is not about to leave. */
export function isReady({ redis, relays, isStopping }: PeerState): boolean {
  return redis.isUp && [...relays.values()].some(({ isUp }) => isUp) && !isStopping;
}

/** Everything that is not up, also what the peer can do without for a while. */
export function missingParts({ redis, chain, onChain, relays }: PeerState): Missing[] {
  const parts: [string, PartState][] = [
    ['redis', redis],
    ['chain', chain],
    ...(onChain === undefined ? [] : [['twin on chain', onChain] satisfies [string, PartState]]),
    ...[...relays].map(([host, state]): [string, PartState] => [`relay ${host}`, state]),
  ];
  return parts.filter(([, { isUp }]) => !isUp).map(([part, { detail }]) => ({ part, why: detail }));
}

/** One line on how the peer is doing. */
export function statusLine(state: PeerState): string {
  const who = state.twin === undefined ? 'twin not known yet' : `twin ${state.twin}`;
  const how = state.isStopping ? 'stopping' : isReady(state) ? 'ready' : 'not ready';
  const missing = missingParts(state).map(({ part, why }) => `${part}: ${why}`);
  return [`${who} ${how}`, ...missing].join('; ').replaceAll(/\s+/g, ' ');
}
