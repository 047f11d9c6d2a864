import type { Reason } from '../../../proto/reasons.ts';
import type { IfAway, Receiver, Verdict } from '../../contract.ts';
import { platformErrorOf } from '../../platform-errors.ts';
import type { Count } from '../../stats/catalogue.ts';
import type { Directory } from '../send/directory.ts';
import type { RoutedEnvelope } from '../send/routed-envelope.ts';
import { ifAway, reasonOf } from '../send/verdict.ts';
import type { Absence } from './absence.ts';
import type { Attempted } from './queue/drain.ts';
import type { Forwarded, Stores } from './relays/forward.ts';
import { relaysToAsk } from './relays/relays-to-ask.ts';

/** The port of an attempt. */
export interface AttemptPort {
  readonly directory: Pick<Directory, 'lookup' | 'destinationOf' | 'ownDomains'>;
  /** Returns the receiving end of a twin here. */
  receiver(twin: number): Receiver;
  readonly count: Count;
  readonly absence: Absence;
  /** Whether relays at private addresses are asked. */
  readonly allowsPrivate: boolean;
  /** Whether these relays all run our software: then none takes an envelope whose session is away. */
  areEdge(domains: readonly string[]): boolean;
  /** Tries other relays. @param stores where the envelope is stored if none of them has its session */
  forward(domains: readonly string[], stores: Stores): Promise<Forwarded>;
  /** Notes that the mailbox here has an envelope of a twin that other relays may have, too. */
  keptHere(envelope: RoutedEnvelope): void;
}

/** A session that was looked for here so short a time ago is not looked for again. */
const JUST_MS = 1_000;

const OPEN: Attempted = { isSettled: false };
const settled = (reason: Reason | undefined): Attempted => ({ isSettled: true, reason });

/**
 * Attempts to deliver an envelope where its twin is at home now. The chain may have changed since the envelope was
 * stored, and before a retry the twin may have connected here.
 */
export async function attempt(envelope: RoutedEnvelope, isRetry: boolean, port: AttemptPort): Promise<Attempted> {
  const { to } = envelope;
  const lookup = await port.directory.lookup(to.twin);
  if (!('found' in lookup)) return 'unknown' in lookup ? settled('unknown-twin') : OPEN;
  const destination = port.directory.destinationOf(lookup, envelope.from.host);
  if ('refuse' in destination) return settled(destination.refuse);
  const { home } = destination;
  const others = relaysToAsk(lookup.found.relay, port.allowsPrivate, port.directory.ownDomains(envelope.from.host));
  if (home === 'here' && typeof others !== 'string') return attemptAtHome(envelope, others, port);
  if (home !== 'elsewhere' || (isRetry && !port.absence.has(to))) {
    const verdict = await deliverHere(envelope, ifAway(home, envelope.failFast), port);
    if (typeof verdict === 'object') return verdict;
    if (home !== 'elsewhere' || verdict !== 'offline') return settled(reasonOf(verdict, home));
    port.absence.note(to);
  }
  if (others === 'none') return settled('unreachable');
  if (others === 'private') return settled('private-relay');
  const forwarded = await port.forward(others, envelope.failFast ? 'nowhere' : 'there');
  if (forwarded === 'late' || forwarded === 'failed') return OPEN;
  // The relay may not know yet that the twin moved to it. The mail of the twin waits for that.
  if (forwarded === 'rejected' && envelope.isMail) return OPEN;
  return settled(forwarded === 'accepted' ? undefined : forwarded);
}

/**
 * Attempts an envelope for a twin of this relay and of others: it goes where the session is, else into the mailbox here.
 * The session is looked for here first: it may have connected, and a relay of other software takes whatever it gets.
 */
async function attemptAtHome(
  envelope: RoutedEnvelope,
  others: readonly string[],
  port: AttemptPort,
): Promise<Attempted> {
  const { to, failFast } = envelope;
  if (!port.absence.has(to, JUST_MS) || !port.areEdge(others)) {
    const verdict = await deliverHere(envelope, 'return', port);
    if (typeof verdict === 'object') return verdict;
    if (verdict !== 'offline') return settled(reasonOf(verdict, 'here'));
    port.absence.note(to);
  }
  if ((await port.forward(others, 'here')) === 'accepted') return settled(undefined);
  const verdict = await deliverHere(envelope, ifAway('here', failFast), port);
  if (typeof verdict === 'object') return verdict;
  if (verdict === 'stored') port.keptHere(envelope);
  return settled(reasonOf(verdict, 'here'));
}

/** Delivers an envelope to its twin's object here. Returns how the attempt ends when that object gave no verdict. */
async function deliverHere(
  envelope: RoutedEnvelope,
  away: IfAway,
  port: AttemptPort,
): Promise<Exclude<Verdict, 'version'> | Attempted> {
  const { to, bytes, expiresAt } = envelope;
  // The queue forgets the envelope after this, so the verdict must be final.
  const addressed = { sid: to.connection, bytes, expiresAt, ifAway: away, isUrgent: true };
  let verdict: Verdict | undefined;
  try {
    [verdict] = await port.receiver(to.twin).deliver([addressed]);
  } catch (error) {
    const kind = platformErrorOf(error);
    port.count('relay_platform_errors_total', 1, kind);
    // Otherwise it may have delivered. A request must never be delivered twice; a reply may: nothing runs twice.
    return kind === 'overloaded' || !envelope.isRequest ? OPEN : settled('undelivered');
  }
  if (verdict === undefined) return settled('undelivered');
  // Nothing was done: the tables of the receiver's object wait for the next deploy.
  if (verdict === 'version') return OPEN;
  if (verdict === 'stored') port.count('relay_messages_stored_total');
  return verdict;
}
