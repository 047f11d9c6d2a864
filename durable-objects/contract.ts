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
}

/** What became of a parcel at the receiving end. */
export type Verdict = 'sent' | 'stored' | 'offline' | 'full' | 'expired';

/** What a twin's object does for other objects. */
export interface TwinRpc {
  /** Delivers in order; one verdict a parcel, in the same order. */
  deliver(batch: readonly Parcel[]): Promise<Verdict[]>;
}

/** A twin as the resolver knows it; `unavailable` says why nobody can tell whether it exists. */
export type TwinLookup = { readonly found: Twin } | { readonly unknown: true } | { readonly unavailable: string };

/** What the resolver does for the Worker and for the twins' objects. */
export interface TwinReader {
  lookup(id: number): Promise<TwinLookup>;
}
