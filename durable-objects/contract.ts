import type { Twin } from '../proto/twin.ts';

/** All that crosses an RPC border. Types only: what is listed here is what other code may call. */

/** What becomes of an envelope whose session is not connected: kept in the mailbox, or handed back. */
export type IfAway = 'store' | 'return';

/** One envelope on its way to a session of the receiving twin. */
export interface Parcel {
  /** The session's sid; absent for the session without one, which is not the session with sid ''. */
  readonly sid?: string | undefined;
  /** The envelope exactly as its sender wrote it. */
  readonly bytes: Uint8Array;
  readonly ifAway: IfAway;
  /** Unix seconds after which nobody waits for it; only a mailbox looks at it. */
  readonly expiresAt: number;
  /** SHA-256 of the signed string, as text; only of what another relay brought. */
  readonly digest?: string | undefined;
}

/**
 * What became of a parcel at the receiving end. `share`: its source fills its part of the mailbox; `repeat`: it arrived
 * before, and is not delivered again.
 */
export type Verdict = 'sent' | 'stored' | 'offline' | 'full' | 'share' | 'expired' | 'repeat';

/** Parcels on their way to another object: large envelopes as they are, all else in one buffer. */
export interface Batch {
  readonly packed: Uint8Array;
  readonly large: readonly Uint8Array[];
}

/** What became of a batch, in its order; one word when it is the same for all, as it nearly always is. */
export type Verdicts = Verdict | readonly Verdict[];

/** Where batches are taken in; `receiverOf` says it in parcels. */
export interface TwinLine {
  /** Delivers what `packParcels` laid together, in order. */
  deliver(batch: Batch): Promise<Verdicts>;
}

/** What a twin's object does for other objects. */
export interface TwinRpc extends TwinLine {
  /** The same for many batches, as one session: who holds it keeps the object awake. */
  line(): TwinLine;
}

/** The receiving end of a twin. */
export interface Receiver {
  /** Delivers in order; one verdict a parcel, in the same order. */
  deliver(batch: readonly Parcel[]): Promise<readonly Verdict[]>;
}

/** A twin as the resolver knows it; `unavailable` says why nobody can tell whether it exists. */
export type TwinLookup = { readonly found: Twin } | { readonly unknown: true } | { readonly unavailable: string };

/** What the resolver does for the Worker and for the twins' objects. */
export interface TwinReader {
  lookup(id: number): Promise<TwinLookup>;
}

/** A block of the chain. Without a hash: whichever block the chain has at that number. */
export interface BlockRef {
  readonly number: number;
  readonly hash?: string | undefined;
}

/** What the watcher wants to know of the chain. */
export interface FollowRequest {
  /** The last block that was dealt with; absent: only the head is wanted. */
  readonly since?: BlockRef | undefined;
  /** The genesis hash of the chain that is followed; absent: any chain will do. */
  readonly genesis?: string | undefined;
  /** At most so many blocks in this answer. */
  readonly most: number;
  /** The number that the head should have by now; one that is far beyond it is not believed before heads are compared. */
  readonly expectedHead?: number | undefined;
  /** All nodes are asked for their heads first, and the most plausible is followed: the last one used stands still. */
  readonly isStalled?: boolean;
}

/** A twin that was stored or updated in a block. */
export interface TwinChange {
  readonly twin: number;
  readonly kind: 'stored' | 'updated';
  readonly block: number;
}

/** What a node says about the chain since then. */
export type ChainStep =
  | {
      readonly kind: 'blocks';
      readonly genesis: string;
      /** The number of the node's best block. */
      readonly head: number;
      /** The last block that this answer covers: `since` itself when there is nothing new. */
      readonly through: Required<BlockRef>;
      readonly changes: readonly TwinChange[];
      /** Why the events of some of these blocks could not be read, by any node. */
      readonly unreadable?: string | undefined;
    }
  /** `since` is not on the chain (any more). */
  | { readonly kind: 'forked' }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      /** All nodes agree that they are on another chain, or far behind `since`. */
      readonly astray?: 'chain' | 'behind' | undefined;
    };

/** What the resolver does for the chain watcher. */
export interface ChainReader {
  follow(request: FollowRequest): Promise<ChainStep>;
  /** Reads a twin from the chain as of a block, and rewrites the caches with it. */
  refresh(twin: number, block?: string): Promise<TwinLookup>;
  /** From now on no cached twin counts as current. Rejects when that cannot be written. */
  newGeneration(name: string): Promise<void>;
}

/** What the watcher has seen and done, for metrics. Counts start with the object's first start. */
export interface WatcherStatus {
  /** The last block whose events were dealt with. */
  readonly block?: number | undefined;
  /** Unix ms of the last answer of the chain. */
  readonly answeredAt?: number | undefined;
  /** Whether the last attempt failed. */
  readonly reconnecting: boolean;
  /** How often the chain was reached again after it had not been. */
  readonly reconnects: number;
  readonly stored: number;
  readonly updated: number;
  /** New generations of the cache. */
  readonly generations: number;
  /** Failed attempts, by what failed. */
  readonly errors: { readonly follow: number; readonly refresh: number; readonly events: number };
}

/** What the chain watcher does for the Worker. */
export interface WatcherRpc {
  /** The watchdog: sees to it that the watcher runs. */
  start(): Promise<void>;
  status(): Promise<WatcherStatus>;
}

/** How a twin stands at this moment. */
export interface TwinGauges {
  readonly sessions: number;
  readonly mailboxMessages: number;
  readonly mailboxBytes: number;
  /** Messages waiting for other relays. */
  readonly outboxMessages: number;
}

/** What a stats object has gathered: totals by series, and the gauges of all its twins together. */
export interface StatsSnapshot {
  readonly totals: { readonly [series: string]: number };
  readonly gauges: TwinGauges;
}

/** What a stats object does for those who count. */
export interface StatsRpc {
  add(counts: { [series: string]: number }, twin?: number, gauges?: TwinGauges): Promise<void>;
  snapshot(): Promise<StatsSnapshot>;
}
