import type { Twin } from '../proto/twin.ts';
import type { Region } from './placement/region.ts';

/**
 * Every type that crosses an RPC between objects or Workers. Types only. The other side may have the code of the release
 * before or after: docs/upgrades.md has the rule for a change.
 */

/** The receiver's action if a session is not connected: store the envelope in the mailbox, or return it. */
export type IfAway = 'store' | 'return';

/** The custody session that sent an envelope, and its sequence there. Receipts go back to it. */
export interface Origin {
  readonly twin: number;
  readonly connection: number;
  readonly sequence: number;
}

/** One envelope of a batch, as its receiver needs it. */
export interface BatchEnvelope {
  /** The session's sid; absent for the session without one, which is not the session with sid ''. */
  readonly sid?: string | undefined;
  /** The envelope exactly as its sender wrote it. */
  readonly bytes: Uint8Array;
  readonly ifAway: IfAway;
  /** Unix seconds. Only a mailbox checks it. */
  readonly expiresAt: number;
  /** SHA-256 of the signed string, as text. Only envelopes from another relay have it. */
  readonly digest?: string | undefined;
  /** Only envelopes of custody sessions have it. */
  readonly origin?: Origin | undefined;
  /** Another relay waits: the verdict is final, and says `sent` of a custody session only after its receipt. */
  readonly isUrgent?: boolean | undefined;
}

/**
 * The outcome of an envelope at its receiver. `share`: its source fills its share of the mailbox. `repeat`: it arrived
 * before, and is not delivered again. `held`: a custody session was given it and has not acknowledged it; the receipt
 * follows. Only an envelope with an origin gets this verdict. `version`: the receiver's object cannot read the batch, or
 * later code wrote its tables, so nothing was done. A verdict that later code returns counts as no delivery.
 */
export type Verdict = 'sent' | 'stored' | 'offline' | 'full' | 'share' | 'expired' | 'repeat' | 'held' | 'version';

/** Envelopes on their way to another object: large ones as they are, all others in one buffer. Its first byte is the format. */
export interface Batch {
  readonly packed: Uint8Array;
  readonly large: readonly Uint8Array[];
  /** Origins and receipts, packed by twin/custody/packed.ts. */
  readonly custody?: Uint8Array | undefined;
}

/** The verdicts of a batch, in its order; one verdict if all are the same, as they mostly are. */
export type Verdicts = Verdict | readonly Verdict[];

/** The answer to a batch. Receipts for connections of the caller ride on it, if the caller said who it is. */
export type Answer = Verdicts | { readonly verdicts: Verdicts; readonly receipts: Uint8Array };

/** The answer to one of several batches. `failed`: the error of its delivery. */
export type GatheredAnswer = Answer | { readonly failed: string };

/** The end of a twin that takes encoded batches. */
export interface TwinLine {
  /** Delivers the envelopes of `encodeBatch`, in order. */
  deliver(batch: Batch): Promise<Answer>;
}

/** Why a twin's mail may belong to another relay. New fields are optional: the other side may have older code. */
export interface FollowHint {
  /** The host by which this relay was reached. A relay without names in its settings has that name. */
  readonly host?: string | undefined;
  /** Hash of the block in which the chain changed the twin. */
  readonly block?: string | undefined;
  /** The other relays were asked just now: they are asked again later. */
  readonly isAsked?: boolean | undefined;
}

/** The RPCs of a twin's object. */
export interface TwinRpc extends TwinLine {
  state(): Promise<TwinState>;
  /** Has the object look whether its mail goes to another relay. Resolves before that is done. */
  follow(hint: FollowHint): Promise<void>;
  /** Opens a session of calls for many batches. Its holder keeps the object awake. */
  line(): TwinLine;
  /** Takes receipts for connections of this twin that no batch carries. */
  receipts(packed: Uint8Array): Promise<void>;
  /** Delivers batches of several senders, in order. Only gatherers call it. */
  gathered(batches: readonly Batch[]): Promise<readonly GatheredAnswer[]>;
}

/** The RPC of a gatherer: an object between the objects of many senders and that of one hot twin. */
export interface GathererRpc {
  /** Brings a batch to a twin's object, together with those of other senders. */
  gather(twin: number, batch: Batch): Promise<Answer>;
}

/** A twin at this relay, as its object knows it. */
export interface TwinState {
  readonly isConnected: boolean;
  /** Messages in its mailbox. */
  readonly waiting: number;
  /** When a session of it was last heard (Unix ms); absent if it has none. */
  readonly heardAt?: number | undefined;
}

/** The receiving end of a twin, here or in another object. */
export interface Receiver {
  /** Delivers in order. Resolves with one verdict for each envelope, in the same order. */
  deliver(envelopes: readonly BatchEnvelope[]): Promise<readonly Verdict[]>;
}

/**
 * A look-up of a twin. `region`: where its object is, from its first connection on. `unavailable` says why the resolver cannot know whether it exists. `isLimited`: because the address
 * that asks has looked up too many.
 */
export type TwinLookup =
  | { readonly found: Twin; readonly region?: Region }
  | { readonly unknown: true }
  | { readonly unavailable: string; readonly isLimited?: boolean };

/** A look-up that read the chain again. `before`: the twin's relay string as it was cached, if it was. */
export type TwinRefresh = TwinLookup & { readonly before?: string | null };

/** The RPCs of the resolver for the Worker and for twins' objects. */
export interface TwinReader {
  lookup(id: number): Promise<TwinLookup>;
}

/** A block of the chain. Without a hash, the block that the chain has at that number. */
export interface BlockRef {
  readonly number: number;
  readonly hash?: string | undefined;
}

/** A question of the watcher about the chain. */
export interface FollowRequest {
  /** The last processed block. Absent: only the head is wanted. */
  readonly since?: BlockRef | undefined;
  /** The genesis hash of the followed chain. Absent: any chain. */
  readonly genesis?: string | undefined;
  /** At most so many blocks in the answer. */
  readonly most: number;
  /** The expected number of the head. A head far beyond it is accepted only after a comparison of nodes. */
  readonly expectedHead?: number | undefined;
  /** The head of the last node does not grow: compare all nodes, and follow the most plausible one. */
  readonly isStalled?: boolean;
}

/** A twin that was stored or updated in a block. */
export interface TwinChange {
  readonly twin: number;
  readonly kind: 'stored' | 'updated';
  readonly block: number;
}

/** A step of the chain, from one node. */
export type ChainStep =
  | {
      readonly kind: 'blocks';
      readonly genesis: string;
      /** The number of the node's best block. */
      readonly head: number;
      /** The last block of this step: `since` itself if there is nothing new. */
      readonly through: Required<BlockRef>;
      readonly changes: readonly TwinChange[];
      /** Why no node's events of some of these blocks could be read. */
      readonly unreadable?: string | undefined;
    }
  /** `since` is not on the chain. */
  | { readonly kind: 'forked' }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      /** All nodes are on another chain, or far behind `since`. */
      readonly astray?: 'chain' | 'behind' | undefined;
    };

/** The RPCs of the resolver for the chain watcher. */
export interface ChainReader {
  follow(request: FollowRequest): Promise<ChainStep>;
  /** Reads a twin from the chain as of a block, and rewrites the caches with it. */
  refresh(twin: number, block?: string): Promise<TwinRefresh>;
  /** Returns the name of the current generation of the cache; undefined if it has none. Rejects when it cannot be read. */
  generation(): Promise<string | undefined>;
  /** Makes every cached twin stale. Rejects when that cannot be written. */
  newGeneration(name: string): Promise<void>;
}

/** The state and counts of the watcher, for metrics. Counts start with the object's first start. */
export interface WatcherStatus {
  /** The last block whose events were processed. */
  readonly block?: number | undefined;
  /** Unix ms of the last answer of the chain. */
  readonly answeredAt?: number | undefined;
  /** Whether the last attempt failed. */
  readonly reconnecting: boolean;
  /** How often the chain was reached again after a failure. */
  readonly reconnects: number;
  readonly stored: number;
  readonly updated: number;
  /** New generations of the cache. */
  readonly generations: number;
  /** Failed attempts, by stage. */
  readonly errors: { readonly follow: number; readonly refresh: number; readonly events: number };
}

/** The RPCs of the chain watcher for the Worker. */
export interface WatcherRpc {
  /** The watchdog: starts the watcher if it does not run. */
  start(): Promise<void>;
  status(): Promise<WatcherStatus>;
}

/** The gauges of one twin. */
export interface TwinGauges {
  readonly sessions: number;
  readonly mailboxMessages: number;
  readonly mailboxBytes: number;
  /** Envelopes in the federation queue. */
  readonly outboxMessages: number;
}

/** The counts of a stats object: totals by series, and the gauges of all its twins together. */
export interface StatsSnapshot {
  readonly totals: { readonly [series: string]: number };
  readonly gauges: TwinGauges;
}

/** The RPCs of a stats object. */
export interface StatsRpc {
  add(counts: { [series: string]: number }, twin?: number, gauges?: TwinGauges): Promise<void>;
  snapshot(): Promise<StatsSnapshot>;
  /** Returns when each twin was last reported, Unix ms. */
  seen(twins: readonly number[]): Promise<readonly (number | undefined)[]>;
}
