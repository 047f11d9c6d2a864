import type { Outcome } from '../proto/custody/outcome.ts';
import type { Address } from '../proto/envelope/address.ts';
import type { PeerFault } from './errors.ts';

/** State of a part: Redis, the chain, or a relay. `detail` says for people why the part is not up. */
export interface PartState {
  readonly isUp: boolean;
  readonly detail: string;
}

/** Outcome of sending an envelope: `late` found no relay in time, `closed` met a client that stops. */
export type Sent = 'sent' | 'late' | 'closed';

/** How this client's custody of an envelope ended: who has it now, or why nobody has it. */
export interface CustodyEnd {
  /** `late`: its time was over without a receipt. `closed`: the client stopped before. */
  readonly outcome: Outcome | 'late' | 'closed';
  /** host[:port] of the relay that gave the receipt; undefined without one. */
  readonly relay: string | undefined;
}

/** An envelope that was handed over, or was not. */
export interface Handover {
  readonly sent: Sent;
  /** Resolves when custody ends; never rejects. At a plain relay, as soon as the socket has the envelope. */
  readonly custody: Promise<CustodyEnd>;
}

/** What became of a frame that a relay sent. */
export interface FrameEnd {
  /** false: it cannot be processed now. In custody it is tried again; otherwise it is lost. */
  readonly isTaken: boolean;
  /** Only this process has the reply: in custody, the receipt waits until others have it. Never rejects. */
  readonly until?: Promise<unknown> | undefined;
}

/** An envelope that a relay was given, remembered without its payload. */
export interface SentEnvelope {
  readonly uid: string;
  readonly destination: Address;
  readonly isRequest: boolean;
  /** Bytes. */
  readonly size: number;
}

/** Hands envelopes to relays. */
export interface Uplink {
  /**
   * Hands an envelope to a relay, at the latest at `deadline` (Unix ms by this machine's clock).
   * Returns a fault when the envelope is larger than every relay takes.
   */
  send(bytes: Uint8Array, deadline: number): Promise<Handover | PeerFault>;
}

/**
 * Calls back when sockets should be looked at now, because the host slept or has its network again. Returns a function
 * that ends this.
 */
export type Wakes = (look: () => void) => () => void;

/** Where the client reports its work. `fields` never hold a secret, a token or a payload. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** An event of a session or an envelope, counted for metrics. */
export type BusEvent =
  | 'command-delivered'
  | 'command-refused'
  | 'reply-delivered'
  | 'envelope-dropped'
  | 'envelope-resent'
  | 'custody-refused'
  | 'custody-late'
  | 'relay-connected'
  | 'relay-lost';

/** Counts an event; `detail` is a label of its metric. */
export type Count = (event: BusEvent, detail?: string) => void;
