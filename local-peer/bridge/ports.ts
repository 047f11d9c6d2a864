import type { ProgramRequest, Question, ReplyEntry } from './messages.ts';
import type { Step } from './request-status.ts';

/** The programs' side of the bridge: where replies go, and what is remembered of requests. */
export interface Programs {
  /** Gives a reply to the program that asked. Returns false for a repeat. */
  deliverReply(reply: GivenReply): Promise<boolean>;
  /** Returns which twins may reply to a uid, and where to; undefined when no reply is of use any more. */
  findQuestion(uid: string): Promise<Question | undefined>;
}

/** An entry for a program, and its queue. */
export interface Told {
  readonly queue: string;
  readonly entry: ReplyEntry;
}

/** A reply of another twin or a relay: the same one may come again. */
export interface GivenReply extends Told {
  /** The same for a repeat. */
  readonly fingerprint: string;
  /** How often this fingerprint may come; beyond that it is a repeat. */
  readonly times: number;
  /** Seconds for which Redis detects a repeat. */
  readonly seconds: number;
}

/** A request that leaves this machine. */
export interface FollowedRequest {
  readonly uid: string;
  /** Unix seconds. */
  readonly claimedAt: number;
  /** What is left of its life. */
  readonly seconds: number;
  readonly request: ProgramRequest;
}

/** Follows requests, for questions about their status. */
export interface Following {
  accepted(request: FollowedRequest): void;
  /** @param uid of its envelope */
  step(uid: string, step: Omit<Step, 'at'>): void;
}

/** A claimed entry: Redis keeps it until it is settled, so a crash does not lose it. */
export interface Held {
  /** Unix seconds of the claim; a resumed entry keeps them. */
  readonly claimedAt: number;
  /** Settles the entry: a start does not resume it. */
  end(): Promise<void>;
}

/** A claimed response, and the envelope that it became. */
export interface HeldResponse extends Held {
  /** The bytes of its envelope, left by a crash: a relay may have had them. */
  readonly sealed: Uint8Array | undefined;
  /** Keeps the bytes of its envelope: the next start sends the same. Resolves when Redis has them. */
  keep(bytes: Uint8Array): Promise<void>;
}

/** A claimed request. A `told` entry reaches the program once, even if Redis lost the request. */
export interface HeldRequest extends Held {
  /** The uid of its envelopes; the same after a crash. */
  readonly uid: string;
  /** Characters of the entry. */
  readonly size: number;
  /** Places in its list of destinations that were settled before a crash. */
  readonly settled: ReadonlySet<number>;
  /**
   * Leaves a note under a uid: who may reply, and where to.
   * @param until by `performance.now()`: a reply that comes later is of no use, as its program has an error by then
   */
  note(uid: string, question: Question, until: number): Promise<void>;
  end(told?: Told): Promise<void>;
  /** Settles one of `total` destinations; the last one settles the request. */
  settle(place: number, total: number, told?: Told): Promise<void>;
  /** Settles one destination and gives its reply to the program in one step. Returns false for a repeat. */
  reply(place: number, total: number, reply: GivenReply): Promise<boolean>;
}
