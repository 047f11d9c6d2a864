import type { Address } from '../proto/address.ts';
import type { PeerFault } from './faults.ts';
import type { CommandEntry, Question, ReplyEntry } from './messages.ts';

/**
 * What became of a request for a service: `repeated` was delivered before, `full` finds no room in its queue,
 * `never-served` finds none in all queues from which no service has taken anything, `reply-list` is meant for a list in
 * which a local program waits for its replies.
 */
export type Delivery = 'delivered' | 'repeated' | 'full' | 'never-served' | 'reply-list';

/** The programs' side of the core: where entries go, and what is remembered of requests. */
export interface Programs {
  /** Gives a twin's request to its service, once: for `seconds` a request with one of its names is `repeated`. */
  deliverCommand(entry: CommandEntry, twin: number, names: readonly string[], seconds: number): Promise<Delivery>;
  /** Whether no plugin was shown a request with one of these names before; for `seconds` one now has been. */
  isFirst(names: readonly string[], seconds: number): Promise<boolean>;
  /** Gives an answer to the program that asked; false when it is a repeat. */
  deliverAnswer(answer: Answer): Promise<boolean>;
  /** Who may answer a uid and where to, as long as an answer is of use. */
  findQuestion(uid: string): Promise<Question | undefined>;
}

/** What a program is told, and in which queue. */
export interface Told {
  readonly queue: string;
  readonly entry: ReplyEntry;
}

/** Another twin's answer, or a relay's: the same one may come again. */
export interface Answer extends Told {
  /** Of its bytes. */
  readonly fingerprint: string;
  /** How often these bytes may come; beyond that they are repeats. */
  readonly times: number;
  /** For so long it is known that they came. */
  readonly seconds: number;
}

/** A claimed entry: Redis keeps it until it is settled, so that a crash does not lose it. */
export interface Held {
  /** Unix seconds when it was claimed, however often a start has resumed it since. */
  readonly claimedAt: number;
  /** Settles it: nothing is left to resume. */
  end(): Promise<void>;
}

/** A claimed request. What is `told` of it reaches the program once, whether Redis still has the entry or not. */
export interface HeldRequest extends Held {
  /** Of its envelopes; the same after a crash. */
  readonly uid: string;
  /** Characters of the entry. */
  readonly size: number;
  /** Places in its list of destinations whose fate was known before a crash. */
  readonly settled: ReadonlySet<number>;
  /** Redis remembers under a uid who may answer it and where to, as long as an answer is of use. */
  note(uid: string, question: Question): Promise<void>;
  end(told?: Told): Promise<void>;
  /** The fate of one of `total` destinations is known; that of the last ends it. */
  settle(place: number, total: number, told?: Told): Promise<void>;
  /** The same with an answer of another twin, which is given in the same step. Returns false for a repeat. */
  answer(place: number, total: number, answer: Answer): Promise<boolean>;
}

/** What became of an envelope: `late` found no relay in its time, `closed` found the peer stopping. */
export type Sent = 'sent' | 'late' | 'closed';

/** An envelope that a relay was given, as it is remembered: without its payload. */
export interface SentEnvelope {
  readonly uid: string;
  readonly destination: Address;
  readonly isRequest: boolean;
  /** Bytes. */
  readonly size: number;
}

/** The relays' side of the core. */
export interface Uplink {
  /**
   * Hands an envelope to a relay, at the latest at `deadline` (Unix ms by our own clock).
   * Returns a fault when the envelope is larger than every relay takes.
   */
  send(bytes: Uint8Array, deadline: number): Promise<Sent | PeerFault>;
}

/** What the core says about its work. Nothing in `fields` is ever a secret, a token or a payload. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
