/** How one of the peer's dependencies is doing; `detail` says why it is not up, for people. */
export interface PartState {
  readonly isUp: boolean;
  readonly detail: string;
}

/** How the peer is doing, at this moment. */
export interface PeerState {
  /** Own twin id; undefined until the chain, or what is remembered in Redis, has told it. */
  readonly twin: number | undefined;
  readonly redis: PartState;
  readonly chain: PartState;
  /** Our own twin as the chain has it: up while others reach this peer. Undefined until it was looked up. */
  readonly onChain: PartState | undefined;
  /** By the relay's host[:port], in the order given. */
  readonly relays: ReadonlyMap<string, PartState>;
  /** Clock of a relay minus ours, seconds; undefined until one has told its time. */
  readonly clockSkew: number | undefined;
  readonly isStopping: boolean;
}

/** What happened to an entry or an envelope, counted for the metrics. */
export type PeerEvent =
  | 'request-taken'
  | 'request-sent'
  | 'request-failed'
  | 'response-taken'
  | 'response-sent'
  | 'response-failed'
  | 'entry-malformed'
  | 'entry-restored'
  | 'entry-lost'
  | 'command-delivered'
  | 'command-refused'
  | 'reply-delivered'
  | 'envelope-dropped'
  | 'twin-key-changed'
  | 'relay-connected'
  | 'relay-lost';

/** Whoever counts. */
export type CountEvent = (event: PeerEvent, detail?: string) => void;
