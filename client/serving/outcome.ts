import type { ServiceRequest } from './durable.ts';
import type { StreamReply } from './reply-stream.ts';

/** The one reply of a handler: data, or an error with the message that the caller reads. */
export type SingleOutcome =
  | { readonly kind: 'response'; readonly data: Uint8Array; readonly schema?: string | undefined }
  /** 500 without a code. */
  | { readonly kind: 'error'; readonly message: string; readonly code?: number };

/** What a handler replies: once, or several times. */
export type Outcome =
  | SingleOutcome
  | { readonly kind: 'stream'; readonly replies: AsyncIterable<StreamReply, unknown> };

/** The limits of a handler's work on one request. */
export interface HandlerContext {
  /** Aborts at the deadline, when the caller cancels the request, and when the bus closes. Its reason is an `RmbError`. */
  readonly signal: AbortSignal;
  /** Until then the caller waits, by the clock of this machine. */
  readonly deadline: Date;
  /** Whether the caller takes several replies. */
  readonly isStream: boolean;
}

/** Serves one request. Never rejects. */
export type RunHandler = (request: ServiceRequest, context: HandlerContext) => Promise<Outcome>;
