import type { PartState } from '../../client/ports.ts';

/** Current state of a peer. */
export interface PeerState {
  /** Own twin id; undefined until the chain or Redis has told it. */
  readonly twin: number | undefined;
  readonly redis: PartState;
  readonly chain: PartState;
  /** Own twin on chain: up while others reach this peer. Undefined until it was looked up. */
  readonly onChain: PartState | undefined;
  /** By the relay's host[:port], in the order given. */
  readonly relays: ReadonlyMap<string, PartState>;
  /** Relays' clock minus this machine's, seconds; undefined until a relay has told its time. */
  readonly clockSkew: number | undefined;
  readonly isStopping: boolean;
}
