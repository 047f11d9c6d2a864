/** What programs and services exchange with their peer, read and checked. Times are Unix seconds. */

/** A program's request, for one or more twins. */
export interface LocalRequest {
  readonly ref: string | null;
  readonly command: string;
  /** Seconds for which an answer is of use. */
  readonly expiration: number;
  readonly data: Uint8Array;
  readonly tags: string | null;
  readonly destinations: readonly number[];
  /** The queue where answers are awaited. */
  readonly replyTo: string;
  readonly schema: string | null;
  readonly now: number;
}

/** A service's answer to a request that the peer gave it. */
export interface LocalResponse {
  /** The uid of the request's envelope. */
  readonly ref: string | null;
  readonly data: Uint8Array;
  readonly destination: { readonly twin: number; readonly connection?: string };
  readonly schema: string | null;
  readonly now: number;
  readonly error: { readonly code: number; readonly message: string } | null;
}

/** A request from another twin, for a service. */
export interface CommandEntry {
  readonly uid: string;
  /** "twin" or "twin:sid". */
  readonly source: string;
  readonly command: string;
  readonly expiration: number;
  readonly data: Uint8Array;
  readonly tags: string | null;
  readonly schema: string | null;
  readonly now: number;
  /** Whether it came encrypted: then the sender's key on chain vouches for it as well. */
  readonly isEncrypted: boolean;
}

/** An answer for a program. */
export interface ReplyEntry {
  readonly ref: string | null;
  readonly data: Uint8Array;
  /** "twin[:sid]", "0" when a relay answers, "" when this peer does. */
  readonly source: string;
  readonly schema: string | null;
  readonly now: number;
  readonly error: { readonly code: number; readonly message: string } | null;
}

/** What is remembered of a request that was sent, to give its answers back. */
export interface Question {
  readonly command: string;
  readonly replyTo: string;
  readonly ref: string | null;
  /** The twins that may answer; undefined when only a Rust peer's note is left, which does not say. */
  readonly asked: readonly number[] | undefined;
  /** How long an answer was of use when it was sent. */
  readonly seconds: number;
  /** By twin, the seal of the envelope that asked it: Rust peers copy it into their errors. */
  readonly seals: ReadonlyMap<number, string>;
}
