import type { BatchEnvelope, TwinLookup, Verdict } from '../../durable-objects/contract.ts';
import type { PlatformError } from '../../durable-objects/platform-errors.ts';
import type { Count } from '../../durable-objects/stats/catalogue.ts';
import type { Outcome } from '../../durable-objects/twin/federation/relays/outcome.ts';
import type { Primitives } from '../../proto/crypto/primitives.ts';
import type { HttpRefusal } from '../refusal.ts';

/** The port of the ingress to the Worker. */
export interface IngressPort extends Pick<Primitives, 'verify'> {
  /** Unix seconds. */
  now(): number;
  lookup(twin: number): Promise<TwinLookup>;
  /** Reads a twin from the chain again, unless it was read a moment ago, or the budget for that is spent. */
  refresh(twin: number): Promise<TwinLookup | 'recent' | 'spent'>;
  /** Counts a message of a twin. Returns false if the twin's budget is spent. */
  spend(twin: number, bytes: number): boolean;
  readonly count: Count;
  /** Returns whether an envelope of this digest was accepted a moment ago. */
  wasAccepted(digest: string): boolean;
  /** Remembers an accepted envelope. */
  accepted(digest: string): void;
  /** Delivers to a twin here, in order. Rejects when the twin's object dies in the call. */
  deliver(twin: number, envelopes: readonly BatchEnvelope[]): Promise<readonly Verdict[]>;
  /** Notes the failed call of a twin's object. Returns what it means. */
  failed(twin: number, error: unknown): PlatformError;
  /** Notes that the mailbox here has an envelope of a twin that other relays may have, too. @param host of this relay */
  keptHere(twin: number, host: string): void;
}

/** An envelope that was delivered or stored. */
interface Accepted {
  readonly outcome: Extract<Outcome, 'delivered' | 'stored'>;
}

/** An envelope that was not taken, and why. */
export interface Refused {
  readonly outcome: Exclude<Outcome, 'delivered' | 'stored'>;
  readonly refusal: HttpRefusal;
}

/** What became of an envelope. */
export type Taken = Accepted | Refused;

/** Returns the outcome of a refused envelope. */
export function refused(code: HttpRefusal['code'], message: string): Refused {
  return { outcome: code === 'offline' ? 'away' : 'refused', refusal: { code, message } };
}
