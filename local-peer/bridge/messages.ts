/** Entries of programs and services, read and checked. Times are Unix seconds. */

import type { Asked } from '../../client/ask.ts';
import type { LocalRequest } from '../../client/serving/plugin.ts';
import type { StreamPart } from '../../proto/stream/tags.ts';

export type { ServiceRequest as CommandEntry } from '../../client/serving/durable.ts';
export type { LocalRequest } from '../../client/serving/plugin.ts';

/** A program's request. */
export interface ProgramRequest extends LocalRequest {
  /** The name under which its status is kept in Redis; `true`: its uid, absent: it is not kept there. */
  readonly status?: string | true | undefined;
  /** Whether each twin may reply several times. */
  readonly isStream: boolean;
}

/** A service's response to a request that it got from the peer. */
export interface LocalResponse {
  /** The uid of the request's envelope. */
  readonly ref: string | null;
  readonly data: Uint8Array;
  readonly destination: { readonly twin: number; readonly connection?: string };
  readonly schema: string | null;
  readonly now: number;
  readonly error: { readonly code: number; readonly message: string } | null;
  /** Its place in a stream; undefined for the only reply. */
  readonly part: StreamPart | undefined;
}

/** A reply for a program. */
export interface ReplyEntry {
  readonly ref: string | null;
  readonly data: Uint8Array;
  /** "twin[:sid]", "0" for a relay, "" for this peer. */
  readonly source: string;
  readonly schema: string | null;
  readonly now: number;
  readonly error: { readonly code: number; readonly message: string } | null;
  /** Its place in a stream that the program asked for. */
  readonly part?: StreamPart | undefined;
}

/** Memory of a request that was sent, to give its replies to the program. */
export interface Question extends Asked {
  readonly command: string;
  readonly replyTo: string;
  readonly ref: string | null;
}

/** Returns the peer's own error for a program, in the Rust peer's form: no source, time 0. */
export function refusal(ref: string | null, error: { code: number; message: string }): ReplyEntry {
  return { ref, data: new Uint8Array(0), source: '', schema: null, now: 0, error };
}
