import type { BatchEnvelope, Verdict } from '../../contract.ts';
import type { Host } from '../../host.ts';
import { logLine } from '../../log.ts';
import { platformErrorOf } from '../../platform-errors.ts';
import type { Count } from '../../stats/catalogue.ts';
import { ORDINARY } from '../back-pressure/back-pressure.ts';
import type { HandOutCounts } from '../back-pressure/hand-outs.ts';
import { Holds } from '../back-pressure/holds.ts';
import type { Outlet } from '../back-pressure/outlets.ts';
import { CustodyDelivery, type CustodyDeliveryPort } from '../custody/custody-delivery.ts';
import type { StoredValue } from '../storage/stored-value.ts';
import type { Mailbox, Place } from './mailbox.ts';
import type { PageEnd } from './mailbox-pages.ts';
import { Repeats } from './repeats.ts';

/** The port of delivery to its object. */
export interface DeliveryPort {
  readonly host: Host;
  readonly count: Count;
  readonly outlets: {
    /** Returns whether a session is connected. */
    has(sid: string | undefined): boolean;
    /** Returns the socket of a session, for this turn of the event loop; undefined if it is not connected. */
    of(sid: string | undefined): Outlet | undefined;
  };
  readonly alarms: {
    arm(name: 'mailbox-expiry' | 'mailbox-drain', at: number): Promise<void>;
    cancel(name: 'mailbox-drain'): Promise<void>;
  };
  /** Notes envelopes that the mailbox stored. Their senders count them. */
  readonly reporter: { stored(envelopes: number): void };
  readonly handOuts: StoredValue<HandOutCounts>;
  readonly custody: CustodyDeliveryPort['custody'];
}

/** An envelope that a socket was given is removed after this. A client whose link died reconnects sooner (3 s at most). */
const SETTLE_MS = 4_000;
/** A drain ends or goes on by itself within this. One that died with its object resumes soon after. */
const RESUME_DRAIN_MS = 5_000;
/** Expired envelopes of this long are removed together: an alarm costs a row. */
const EXPIRY_BUNCH_MS = 60_000;

/** The outcome of a page: `sent`, with more to come or all of it; held back; or the socket is gone. */
type PageOutcome = 'more' | 'all' | 'held' | 'gone';

/** The receiving end: an envelope goes to its session's socket, into the mailbox, or back. */
export class Delivery {
  readonly #mailbox: Mailbox;
  readonly #port: DeliveryPort;
  readonly #ttl: number;
  readonly #drains = new Set<string | undefined>();
  readonly #holds: Holds;
  readonly #repeats = new Repeats<Place>();
  readonly #custody: CustodyDelivery;
  /** A write failed in this call: what it had stored by then is lost. */
  #hasLost = false;

  /** @param ttl seconds for which the mailbox keeps an envelope at most */
  constructor(mailbox: Mailbox, ttl: number, port: DeliveryPort) {
    this.#mailbox = mailbox;
    this.#ttl = ttl;
    this.#port = port;
    this.#holds = new Holds(port.host, port.handOuts, (sid) => this.#drain(sid));
    this.#custody = new CustodyDelivery(mailbox, ttl, {
      ...port,
      drain: (sid) => port.host.background(this.#drain(sid)),
      store: (sid, bytes, expiresAt) => this.#store(sid, bytes, expiresAt),
      write: () => this.#write(),
      expireAt: (expiry) => port.host.background(this.#expireAt(expiry)),
    });
  }

  /** Delivers in order. Resolves with one verdict for each envelope. */
  async deliver(batch: readonly BatchEnvelope[]): Promise<Verdict[]> {
    let expiry = Number.POSITIVE_INFINITY;
    this.#hasLost = false;
    const waiting = new Set<string | undefined>();
    const urgent = new Map<number, Promise<Verdict>>();
    // The session of the envelope before, if its socket took that: then it may take this one as well.
    let straight: { readonly sid: string | undefined; readonly outlet: Outlet } | undefined;
    const verdicts = batch.map((envelope, n): Verdict => {
      const { sid, digest } = envelope;
      if (digest !== undefined && this.#repeats.isRepeat(digest, (place) => this.#mailbox.holds(place)))
        return 'repeat';
      const before = straight?.sid === sid ? straight : undefined;
      const session = before === undefined ? this.#port.custody.session(sid) : undefined;
      if (session !== undefined) {
        const given = this.#custody.give(session, envelope);
        if (given !== undefined) {
          if (given.decided !== undefined) urgent.set(n, given.decided);
          if (digest !== undefined) this.#passed(digest, envelope, undefined);
          return envelope.origin === undefined ? 'sent' : 'held';
        }
        // What the session has in flight must stay before what is stored now.
        if (!this.#custody.mail.keepOrder(session)) return 'full';
      }
      const outlet = session === undefined ? (before?.outlet ?? this.#port.outlets.of(sid)) : undefined;
      // While older envelopes are stored, a newer one joins their end, so that order holds even during a drain.
      const isStraight = outlet !== undefined && (before !== undefined || this.#mailbox.isEmpty(sid));
      if (isStraight && sendIfReading(outlet, envelope.bytes)) {
        straight = before ?? { sid, outlet };
        if (digest !== undefined) this.#passed(digest, envelope, undefined);
        return 'sent';
      }
      straight = undefined;
      // Checked again: the socket may have broken in the attempt, or have been closed.
      const isAway = session === undefined && (outlet === undefined || !this.#port.outlets.has(sid));
      if (isAway && envelope.ifAway === 'return') return 'offline';
      const nowSeconds = this.#seconds();
      const expiresAt = Math.min(envelope.expiresAt, nowSeconds + this.#ttl);
      if (expiresAt <= nowSeconds) return 'expired';
      const verdict = this.#store(sid, envelope.bytes, expiresAt);
      if (verdict === 'stored') {
        expiry = Math.min(expiry, expiresAt);
        if (digest !== undefined) this.#passed(digest, envelope, this.#mailbox.lastPlace(sid));
      }
      if (!isAway) waiting.add(sid);
      return verdict;
    });
    if (!this.#write() || this.#hasLost) return verdicts.map((verdict) => (verdict === 'stored' ? 'full' : verdict));
    const stored = verdicts.filter((verdict) => verdict === 'stored').length;
    if (stored > 0) this.#port.reporter.stored(stored);
    if (expiry !== Number.POSITIVE_INFINITY) await this.#expireAt(expiry);
    for (const sid of waiting) this.#port.host.background(this.drain(sid));
    for (const [n, decided] of urgent) verdicts[n] = await decided;
    return verdicts;
  }

  /** Takes the receipts of a custody session: it has these pages of its mailbox, and room for more. */
  acknowledged(sid: string | undefined, pages: readonly PageEnd[]): void {
    this.#custody.acknowledged(sid, pages);
  }

  /** A custody session was given pages of its mailbox of which this object has lost its memory. */
  forgotten(sid: string | undefined): void {
    this.#port.host.background(this.drain(sid));
  }

  /** Delivers an envelope of this relay to a session, or stores it for as long as a mailbox may. */
  async mail(sid: string | undefined, bytes: Uint8Array): Promise<void> {
    const [verdict] = await this.deliver([{ sid, bytes, ifAway: 'store', expiresAt: this.#seconds() + this.#ttl }]);
    if (verdict === 'stored') this.#port.count('relay_messages_stored_total');
  }

  /**
   * Sends a session its stored envelopes, oldest first, page by page. An envelope leaves the mailbox some time after its
   * socket was given it: a relay that dies before repeats it and loses none. If the socket may take no more, the drain
   * stops, and resumes when the client is heard or the pace allows it.
   */
  async drain(sid: string | undefined): Promise<void> {
    if (this.#holds.isEarly(sid)) await this.#resumeLater();
    else await this.#drain(sid);
  }

  /** Notes a sign of life from a session's client: it gets the envelopes that were held back. */
  heard(sid: string | undefined): void {
    if (this.#holds.heard(sid)) this.#port.host.background(this.#drain(sid));
  }

  async #drain(sid: string | undefined): Promise<void> {
    if (this.#drains.has(sid) || this.#mailbox.isEmpty(sid)) return;
    this.#drains.add(sid);
    const given: PageEnd[] = [];
    try {
      let outcome = this.#sendPage(sid, given);
      while (outcome === 'more') {
        await this.#resumeLater();
        // Other events run between two pages.
        await this.#port.host.wait(0);
        outcome = this.#sendPage(sid, given);
      }
      if (outcome === 'held') {
        // From now on room that comes starts the next drain.
        this.#drains.delete(sid);
        await this.#resumeLater();
      } else if (this.#drains.size === 1 && this.#holds.isEmpty && !this.#custody.isCrowded)
        await this.#port.alarms.cancel('mailbox-drain');
    } finally {
      this.#drains.delete(sid);
    }
    if (given.length === 0) return;
    await this.#port.host.wait(SETTLE_MS);
    // The end of a socket that broke meanwhile has settled or recalled its pages already.
    if (this.#port.outlets.has(sid) && !this.#holds.isDoubted(sid)) this.#mailbox.settle(sid, given);
  }

  /**
   * Notes the end of a session's socket.
   * @param isClean the client closed it, so it has read what came before
   */
  ended(sid: string | undefined, isClean: boolean): void {
    this.#holds.end(sid);
    // The receipts of a custody session say what it has, however it ends.
    if (this.#custody.ended(sid)) this.#mailbox.recall(sid);
    else if (isClean) this.#mailbox.settle(sid);
    else this.#mailbox.recall(sid);
  }

  /** Removes expired envelopes, and arms the alarm for the next ones. */
  async purge(): Promise<void> {
    const { expired, next } = this.#mailbox.purge(this.#seconds());
    if (expired > 0) this.#countExpired(expired);
    if (next !== undefined) await this.#expireAt(next);
  }

  /** Sends one page and notes it in `given`. */
  #sendPage(sid: string | undefined, given: PageEnd[]): PageOutcome {
    const session = this.#port.custody.session(sid);
    if (session !== undefined) {
      const { outcome, expired } = this.#custody.sendPage(session);
      if (expired > 0) this.#countExpired(expired);
      return outcome;
    }
    const page = this.#mailbox.page(sid, this.#seconds());
    if (page === undefined) return 'all';
    const outlet = this.#port.outlets.of(sid);
    if (outlet === undefined) return 'gone';
    const pace = this.#holds.paceOf(sid, given.length === 0);
    const judgement = outlet.judge(page.end.bytes, pace);
    if (judgement.kind === 'evict') {
      outlet.evict();
      return 'gone';
    }
    if (judgement.kind === 'hold') {
      this.#holds.hold(sid, judgement.again, judgement.isInVain, pace);
      return 'held';
    }
    // If the socket breaks within the page, the next one gets the whole page.
    if (!page.envelopes.every((envelope) => outlet.send(envelope))) return 'gone';
    this.#mailbox.hand(sid, page);
    given.push(page.end);
    if (page.expired > 0) this.#countExpired(page.expired);
    if (!this.#mailbox.isEmpty(sid)) return 'more';
    if (this.#holds.end(sid)) outlet.release();
    return 'all';
  }

  /** As the mailbox's `store`. A failure of the storage concerns this envelope, not those that sockets have got. */
  #store(sid: string | undefined, bytes: Uint8Array, expiresAt: number): ReturnType<Mailbox['store']> {
    try {
      return this.#mailbox.store(sid, bytes, expiresAt);
    } catch (error) {
      this.#storageFailed(error);
      return 'full';
    }
  }

  /** Returns whether the stored envelopes are in the database. */
  #write(): boolean {
    try {
      this.#mailbox.write();
      return true;
    } catch (error) {
      this.#storageFailed(error);
      this.#hasLost = true;
      return false;
    }
  }

  #storageFailed(error: unknown): void {
    logLine('error', 'mailbox-not-written', { error: String(error) });
    this.#port.count('relay_platform_errors_total', 1, platformErrorOf(error));
  }

  #passed(digest: string, { expiresAt }: BatchEnvelope, place: Place | undefined): void {
    this.#repeats.pass(digest, place, expiresAt, this.#seconds());
  }

  #countExpired(envelopes: number): void {
    this.#port.count('relay_messages_dropped_total', envelopes, 'expired');
  }

  /** Arms the alarm that resumes drains if the object dies. */
  #resumeLater(): Promise<void> {
    return this.#port.alarms.arm('mailbox-drain', this.#port.host.now() + RESUME_DRAIN_MS);
  }

  /** @param expiry Unix seconds */
  #expireAt(expiry: number): Promise<void> {
    return this.#port.alarms.arm('mailbox-expiry', expiry * 1000 + EXPIRY_BUNCH_MS);
  }

  #seconds(): number {
    return Math.floor(this.#port.host.now() / 1000);
  }
}

/** Sends an envelope unless its client does not read. Returns false then, and if the socket broke. */
function sendIfReading(outlet: Outlet, bytes: Uint8Array): boolean {
  const { kind } = outlet.judge(bytes.length, ORDINARY);
  if (kind === 'evict') outlet.evict();
  return kind === 'deliver' && outlet.send(bytes);
}
