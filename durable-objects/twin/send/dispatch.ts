import type { Outcome } from '../../../proto/custody/outcome.ts';
import type { Address } from '../../../proto/envelope/address.ts';
import type { Reason } from '../../../proto/reasons.ts';
import type { BatchEnvelope, Origin, Receiver, TwinLookup, Verdict } from '../../contract.ts';
import type { Host } from '../../host.ts';
import { logLine } from '../../log.ts';
import { platformErrorOf } from '../../platform-errors.ts';
import type { Count } from '../../stats/catalogue.ts';
import { type Elsewhere, firstStep } from './candidates.ts';
import type { Directory } from './directory.ts';
import type { Refused } from './refusals.ts';
import type { RoutedEnvelope } from './routed-envelope.ts';
import { type Home, ifAway, reasonOf } from './verdict.ts';

/** The port of a dispatcher. */
export interface DispatchPort {
  readonly host: Pick<Host, 'wait'>;
  readonly directory: Pick<Directory, 'lookup' | 'destinationOf'>;
  /** Returns the receiving end of a twin. */
  receiver(twin: number): Receiver;
  readonly refusals: { refuse(envelope: Refused, reason: Reason): void };
  /** Tells custody sessions the outcome of what they sent. */
  readonly custody: { tell(origin: Origin, outcome: Outcome): void };
  readonly count: Count;
  /** Counts envelopes that their receivers' sessions have. */
  readonly reporter: { delivered(envelopes: readonly RoutedEnvelope[]): void };
  readonly federation: {
    /** Sessions of other relays' twins that were not connected here a moment ago. */
    readonly absence: { has(session: Address): boolean; note(session: Address): void };
    /** Returns whether another relay may have the session of an envelope for a twin of this relay. */
    elsewhere(envelope: RoutedEnvelope, lookup: TwinLookup): Elsewhere;
    /** @param isOrdered whether the envelopes keep their order */
    accept(
      twin: number,
      envelopes: readonly RoutedEnvelope[],
      isOrdered: boolean,
    ): Promise<readonly { readonly envelope: RoutedEnvelope; readonly reason: Reason }[]>;
  };
}

/** Envelopes of a call that failed, which may go again. */
export interface Unsent {
  /** The call never ran. Else it may have, and the envelopes are replies: nothing runs twice if they come twice. */
  readonly neverRan: boolean;
  readonly envelopes: readonly RoutedEnvelope[];
}

/** An envelope that goes to its receiver's object, and where its twin is at home. */
interface Going {
  readonly envelope: RoutedEnvelope;
  readonly home: Home;
  /** Whether it comes back if its session is away here, because other relays of the twin are asked then. */
  readonly returns: boolean;
}

/**
 * Brings batches to their receivers and refuses what they do not take. The destination is resolved first: an id that is
 * not on chain never wakes an object. One call says what to deliver and what to do when the session is away, so that no
 * envelope overtakes another between two calls.
 */
export class Dispatcher {
  readonly #port: DispatchPort;

  constructor(port: DispatchPort) {
    this.#port = port;
  }

  /**
   * Brings one batch to one twin. Never rejects.
   * @returns envelopes that may go again; undefined when each one is delivered, stored or refused
   */
  async dispatch(twin: number, batch: readonly RoutedEnvelope[]): Promise<Unsent | undefined> {
    try {
      return await this.#dispatch(twin, batch);
    } catch (error) {
      // This object's own storage failed, for example. The senders may try again.
      this.#storageFailed('dispatch-failed', twin, batch, error);
      for (const envelope of batch) this.#port.refusals.refuse(envelope, 'undelivered');
      return undefined;
    }
  }

  /** Stores envelopes for a twin whose object takes none: they are retried from the federation queue. Never rejects. */
  async store(twin: number, envelopes: readonly RoutedEnvelope[]): Promise<void> {
    const { federation, refusals } = this.#port;
    try {
      for (const { envelope, reason } of await federation.accept(twin, envelopes, true))
        refusals.refuse(envelope, reason);
    } catch (error) {
      this.#storageFailed('not-queued', twin, envelopes, error);
      for (const envelope of envelopes) refusals.refuse(envelope, 'undelivered');
    }
  }

  async #dispatch(twin: number, batch: readonly RoutedEnvelope[]): Promise<Unsent | undefined> {
    const { directory, federation, refusals } = this.#port;
    const lookup = await this.#lookup(twin);
    const going: Going[] = [];
    const leaving: Going[] = [];
    for (const envelope of batch) {
      const destination = directory.destinationOf(lookup, envelope.from.host);
      if ('refuse' in destination) {
        refusals.refuse(envelope, destination.refuse);
        continue;
      }
      const { home } = destination;
      const elsewhere = home === 'here' ? federation.elsewhere(envelope, lookup) : 'none';
      const step = firstStep(home, elsewhere, () => federation.absence.has(envelope.to));
      const each = { envelope, home, returns: home === 'elsewhere' || step === 'try' };
      (step === 'federate' ? leaving : going).push(each);
    }
    if (leaving.length > 0) await this.#federate(twin, leaving);
    if (going.length === 0) return undefined;
    let verdicts: readonly Verdict[];
    try {
      verdicts = await this.#port.receiver(twin).deliver(going.map(addressed));
    } catch (error) {
      return this.#failed(twin, going, error);
    }
    const away = this.#settle(going, verdicts);
    if (away.length > 0) await this.#federate(twin, away);
    return undefined;
  }

  /** Refuses what must not go again after a failed call. */
  #failed(twin: number, going: readonly Going[], error: unknown): Unsent | undefined {
    const { count, refusals } = this.#port;
    const kind = platformErrorOf(error);
    count('relay_platform_errors_total', 1, kind);
    logLine('warn', 'object-call-failed', { twin, messages: going.length, kind, error: String(error) });
    const envelopes = going.map(({ envelope }) => envelope);
    if (kind === 'overloaded') return { neverRan: true, envelopes };
    // The object may have delivered some. A request must never be delivered twice, and a client with custody repeats.
    const replies = envelopes.filter(({ isRequest, origin }) => !isRequest && origin === undefined);
    const again = new Set(replies);
    for (const envelope of envelopes) if (!again.has(envelope)) refusals.refuse(envelope, 'undelivered');
    return replies.length === 0 ? undefined : { neverRan: false, envelopes: replies };
  }

  async #lookup(twin: number): Promise<TwinLookup> {
    try {
      return await this.#port.directory.lookup(twin);
    } catch {
      // To a sender, a resolver that fails is the same as a chain out of reach.
      return { unavailable: 'resolver failed' };
    }
  }

  /** Counts and refuses by verdict. Returns the envelopes whose sessions may be connected at another relay. */
  #settle(going: readonly Going[], verdicts: readonly Verdict[]): Going[] {
    const { count, federation, refusals } = this.#port;
    const sent: RoutedEnvelope[] = [];
    const away: Going[] = [];
    going.forEach((each, index) => {
      const { envelope, home, returns } = each;
      const verdict = verdicts[index];
      if (verdict === 'sent' || verdict === 'held') {
        sent.push(envelope);
        // A custody session gives its receipt itself, later.
        if (verdict === 'sent') this.#tell(envelope, 'handed');
        return;
      }
      if (verdict === 'stored') count('relay_messages_stored_total');
      if (verdict === 'offline' && returns) {
        federation.absence.note(envelope.to);
        away.push(each);
        return;
      }
      const reason = verdict === undefined ? 'undelivered' : reasonOf(verdict, home);
      if (reason !== undefined) refusals.refuse(envelope, reason);
      else this.#tell(envelope, verdict === 'stored' ? 'stored' : 'handed');
    });
    if (sent.length > 0) this.#port.reporter.delivered(sent);
    return away;
  }

  async #federate(twin: number, going: readonly Going[]): Promise<void> {
    // Storing takes no time in which others could arrive, so they are waited for: one batch is one row.
    await this.#port.host.wait(0);
    const envelopes = going.map(({ envelope }) => envelope);
    const isOrdered = going.some(({ home }) => home === 'here');
    let refused: Awaited<ReturnType<DispatchPort['federation']['accept']>>;
    try {
      refused = await this.#port.federation.accept(twin, envelopes, isOrdered);
    } catch (error) {
      // The storage of this object failed. The other envelopes of the batch are not affected.
      this.#storageFailed('not-queued', twin, envelopes, error);
      refused = envelopes.map((envelope) => ({ envelope, reason: 'undelivered' }));
    }
    // A refused envelope may be a copy, but its origin is the same object.
    const told = new Set(refused.map(({ envelope }) => envelope.origin));
    for (const { envelope, reason } of refused) this.#port.refusals.refuse(envelope, reason);
    for (const envelope of envelopes) if (!told.has(envelope.origin)) this.#tell(envelope, 'queued');
  }

  #storageFailed(event: string, twin: number, envelopes: readonly RoutedEnvelope[], error: unknown): void {
    this.#port.count('relay_platform_errors_total', 1, platformErrorOf(error));
    logLine('error', event, { twin, messages: envelopes.length, error: String(error) });
  }

  #tell({ origin }: RoutedEnvelope, outcome: Outcome): void {
    if (origin !== undefined) this.#port.custody.tell(origin, outcome);
  }
}

function addressed({ envelope, home, returns }: Going): BatchEnvelope {
  return {
    sid: envelope.to.connection,
    bytes: envelope.bytes,
    ifAway: returns ? 'return' : ifAway(home, envelope.failFast),
    expiresAt: envelope.expiresAt,
    origin: envelope.origin,
  };
}
