import type { Refusal } from '../../../proto/reasons.ts';
import type { Receiver, TwinLookup, Verdict } from '../../contract.ts';
import { ifAway, refusalOf, standingOf } from '../verdict.ts';
import type { Absence } from './absence.ts';
import type { FederatedMessage } from './bundle.ts';
import type { Carried } from './carry.ts';
import type { Attempted } from './lanes.ts';
import { relaysToAsk } from './relays-to-ask.ts';

/** What an attempt needs. */
export interface AttemptPort {
  lookup(twin: number): Promise<TwinLookup>;
  /** The receiving twin's object here. */
  receiver(twin: number): Receiver;
  /** The names of this relay, for a session that reached it by `host`. */
  ownDomains(host: string): readonly string[];
  /** The twin's mailbox here keeps the message. */
  stored(): void;
  readonly absence: Absence;
  /** Whether relays at private addresses are asked. */
  readonly allowsPrivate: boolean;
  carry(domains: readonly string[]): Promise<Carried>;
}

const LATER: Attempted = { settled: false };
const refused = (reason: Refusal | undefined): Attempted => ({ settled: true, reason });

/**
 * Brings one message to where its twin is at home now: the chain may say something else than when it was stored,
 * and on a retry the twin may be connected here.
 */
export async function attempt(message: FederatedMessage, isRetry: boolean, port: AttemptPort): Promise<Attempted> {
  const { to } = message;
  const lookup = await port.lookup(to.twin);
  if (!('found' in lookup)) return 'unknown' in lookup ? refused('unknown-twin') : LATER;
  const standing = standingOf(lookup, port.ownDomains(message.host));
  if ('refuse' in standing) return refused(standing.refuse);
  const { home } = standing;
  if (home !== 'elsewhere' || (isRetry && !port.absence.has(to))) {
    const parcel = { sid: to.connection, bytes: message.bytes, expiresAt: message.expiresAt };
    let verdict: Verdict | undefined;
    try {
      [verdict] = await port.receiver(to.twin).deliver([{ ...parcel, ifAway: ifAway(home, message.failFast) }]);
    } catch {
      // Its object died in the call: nobody knows what it took, and a request must never run twice.
    }
    if (verdict === undefined) return refused('undelivered');
    if (verdict === 'stored') port.stored();
    if (home !== 'elsewhere' || verdict !== 'offline') return refused(refusalOf(verdict, home));
    port.absence.note(to);
  }
  const domains = relaysToAsk(lookup.found.relay, port.allowsPrivate);
  if (domains === 'none') return refused('unreachable');
  if (domains === 'private') return refused('private-relay');
  const carried = await port.carry(domains);
  if (carried === 'late' || carried === 'failed') return LATER;
  return refused(carried === 'accepted' ? undefined : carried);
}
