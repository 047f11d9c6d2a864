import type { Address } from '../../proto/address.ts';
import type { Refusal } from '../../proto/reasons.ts';
import type { Parcel, Receiver, TwinLookup, Verdict } from '../contract.ts';
import type { Departure } from './inbound.ts';
import { type Home, ifAway, refusalOf, type Standings } from './verdict.ts';

/** What a batch needs on its way. */
export interface DispatchPort {
  lookup(twin: number): Promise<TwinLookup>;
  /** The receiving twin's object; our own one, without a call, when we are the receiver. */
  receiver(twin: number): Receiver;
  refuse(departure: Departure, reason: Refusal): void;
  /** The receiving side has put these into their sessions' hands. */
  sent(departures: readonly Departure[]): void;
  /** The receiving side keeps a message in a mailbox. */
  stored(): void;
  /** Whether a session of another relay's twin was not connected here a moment ago; and that it is so now. */
  readonly absence: { has(session: Address): boolean; note(session: Address): void };
  /** Takes over what goes to another relay; answers once it is stored. */
  federate(twin: number, batch: readonly Departure[]): Promise<void>;
}

/**
 * Brings one batch to one twin and tells each sender what went wrong. The destination is resolved first: an
 * id that is not on chain never wakes an object. One call says both what to deliver and what to do when the
 * session is away, so that nothing overtakes between two calls.
 */
export async function dispatch(
  twin: number,
  batch: readonly Departure[],
  standings: Standings,
  port: DispatchPort,
): Promise<void> {
  let lookup: TwinLookup;
  try {
    lookup = await port.lookup(twin);
  } catch {
    // The resolver itself failed: the same to a sender as a chain out of reach.
    lookup = { unavailable: 'resolver failed' };
  }
  const going: Departure[] = [];
  const homes: Home[] = [];
  const parcels: Parcel[] = [];
  const leaving: Departure[] = [];
  for (const departure of batch) {
    const standing = standings.of(lookup, departure.from.host);
    if ('refuse' in standing) port.refuse(departure, standing.refuse);
    else if (standing.home === 'elsewhere' && port.absence.has(departure.to)) leaving.push(departure);
    else {
      going.push(departure);
      homes.push(standing.home);
      parcels.push(parcelOf(departure, standing.home));
    }
  }
  if (leaving.length > 0) await port.federate(twin, leaving);
  if (going.length === 0) return;
  let verdicts: readonly Verdict[];
  try {
    verdicts = await port.receiver(twin).deliver(parcels);
  } catch {
    // The receiver's object died in the call, or is overloaded: nobody knows what it took, so nothing is
    // repeated (a request must never run twice); each sender is told.
    for (const departure of going) port.refuse(departure, 'undelivered');
    return;
  }
  const sent: Departure[] = [];
  const away: Departure[] = [];
  going.forEach((departure, index) => {
    const [verdict, home = 'here'] = [verdicts[index], homes[index]];
    if (verdict === 'sent') {
      sent.push(departure);
      return;
    }
    if (verdict === 'stored') port.stored();
    if (verdict === 'offline' && home === 'elsewhere') {
      port.absence.note(departure.to);
      away.push(departure);
      return;
    }
    const reason = verdict === undefined ? 'undelivered' : refusalOf(verdict, home);
    if (reason !== undefined) port.refuse(departure, reason);
  });
  if (sent.length > 0) port.sent(sent);
  if (away.length > 0) await port.federate(twin, away);
}

function parcelOf(departure: Departure, home: Home): Parcel {
  return {
    sid: departure.to.connection,
    bytes: departure.bytes,
    ifAway: ifAway(home, departure.failFast),
    expiresAt: departure.expiresAt,
  };
}
