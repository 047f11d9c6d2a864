import type { Reason } from '../../../../proto/reasons.ts';
import type { HeldEnvelope } from './open-envelopes.ts';

/** The outcome of one attempt: settled (with a reason if it went wrong), or open for a later attempt. */
export type Attempted =
  | { readonly isSettled: true; readonly reason?: Reason | undefined }
  | { readonly isSettled: false };

/** The port of a drain to its lane. */
export interface DrainDeps {
  attempt(held: HeldEnvelope): Promise<Attempted>;
  /** The attempt settled the envelope: it is delivered, or refused for this reason. */
  settled(held: HeldEnvelope, reason: Reason | undefined): void;
  /** The attempt failed, and there is no time for another. */
  expired(held: HeldEnvelope): void;
  /** The envelope stays open for a retry. */
  failed(held: HeldEnvelope): void;
}

/** Attempts one envelope after the other. Resolves when `next` returns none; never rejects. */
export async function drain(next: () => HeldEnvelope | undefined, deps: DrainDeps): Promise<void> {
  for (let held = next(); held !== undefined; held = next()) {
    const attempted = await attemptOf(held, deps);
    if (attempted.isSettled) deps.settled(held, attempted.reason);
    else if (held.isLate()) deps.expired(held);
    else deps.failed(held);
  }
}

async function attemptOf(held: HeldEnvelope, deps: DrainDeps): Promise<Attempted> {
  try {
    return await deps.attempt(held);
  } catch {
    // A resolver that died in the call counts as a relay that does not answer.
    return { isSettled: false };
  }
}
