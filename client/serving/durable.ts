import type { Signal } from '../../proto/stream/signal.ts';
import type { PeerFault } from '../errors.ts';
import type { RemoteRequest } from './plugin.ts';

/** A verified and decrypted request of another twin, for a service. Times are Unix seconds. */
export interface ServiceRequest extends RemoteRequest {
  readonly expiration: number;
  readonly now: number;
  /** Whether the payload came encrypted: only then does the sender's key on chain vouch for it, too. */
  readonly isEncrypted: boolean;
}

/** Gives requests to services, each once. The daemon keeps them in Redis, a program in memory. */
export interface Claims {
  /**
   * Gives a request of `twin` to its service. For `seconds`, a request with one of its names is `repeated`.
   * Returns a fault when no service takes the request.
   */
  give(
    request: ServiceRequest,
    twin: number,
    names: readonly string[],
    seconds: number,
  ): Promise<'delivered' | 'repeated' | PeerFault>;
  /** Passes a signal of `twin` on to the service that has its request. Does nothing when none has. */
  signal(signal: Signal, twin: number): Promise<void>;
  /**
   * Returns what the receipt of a delivered request waits for: only this process has the request, until others have its
   * reply. Absent, or undefined, when the request is kept elsewhere. Never rejects.
   */
  answered?(request: ServiceRequest): Promise<unknown> | undefined;
}

/** Names of requests that plugins have seen. */
export interface Seen {
  /** Returns whether no request with one of these names was seen before. For `seconds`, one now has been. */
  isFirst(names: readonly string[], seconds: number): Promise<boolean>;
}

/** Replies that were sent. A caller whose request comes again gets them again. */
export interface Replies {
  add(twin: number, uid: string, frame: Uint8Array): void;
  find(twin: number, uid: string): readonly Uint8Array[];
}
