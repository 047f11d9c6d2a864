import type { BatchEnvelope, Verdict } from '../../contract.ts';
import type { Host } from '../../host.ts';
import type { Mailbox } from '../receive/mailbox.ts';
import type { PageEnd } from '../receive/mailbox-pages.ts';
import type { Custody } from './custody.ts';
import { CustodyMail, type CustodyMailPort } from './custody-mail.ts';
import type { CustodySession } from './custody-session.ts';

/** Another relay waits 5 s for its answer. Without a receipt after this the envelope is stored. */
const URGENT_MS = 2_500;

/** The port of delivery to custody sessions. */
export interface CustodyDeliveryPort extends CustodyMailPort {
  readonly host: Pick<Host, 'now' | 'wait'>;
  readonly custody: Pick<Custody<never>, 'session' | 'fits' | 'give' | 'givePage' | 'end' | 'settled' | 'passOn'>;
  /** Sends a session its stored envelopes. */
  drain(sid: string | undefined): void;
}

/** Delivery to custody sessions: into the window while it has room, else into the mailbox, in order. */
export class CustodyDelivery {
  readonly mail: CustodyMail;
  readonly #mailbox: Mailbox;
  readonly #port: CustodyDeliveryPort;
  /** Sessions whose stored envelopes wait for room. */
  readonly #crowded = new Set<string | undefined>();

  /** @param ttl seconds for which the mailbox keeps an envelope at most */
  constructor(mailbox: Mailbox, ttl: number, port: CustodyDeliveryPort) {
    this.mail = new CustodyMail(mailbox, ttl, port);
    this.#mailbox = mailbox;
    this.#port = port;
  }

  /** Returns whether stored envelopes wait for room in a session. */
  get isCrowded(): boolean {
    return this.#crowded.size > 0;
  }

  /**
   * Gives a session an envelope. Of an urgent one, `decided` is the final verdict.
   * @returns undefined if the session has no room, or older envelopes are stored
   */
  give(session: CustodySession, envelope: BatchEnvelope): { readonly decided?: Promise<Verdict> } | undefined {
    const { bytes, expiresAt, origin } = envelope;
    const { custody } = this.#port;
    if (!this.#mailbox.isEmpty(session.sid) || !custody.fits(session, 1, bytes.length)) return undefined;
    if (envelope.isUrgent !== true) {
      custody.give(session, { bytes, expiresAt, origin });
      return {};
    }
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    custody.give(session, { bytes, expiresAt, origin, isUrgent: true, decided: resolve });
    return { decided: this.#decided(session, promise) };
  }

  /** Sends a session one page of its mailbox. Its receipts remove the page. */
  sendPage(session: CustodySession): { readonly outcome: 'more' | 'all' | 'held'; readonly expired: number } {
    const { sid, inFlight } = session;
    const { custody, host } = this.#port;
    const page = this.#mailbox.page(sid, Math.floor(host.now() / 1000), inFlight.room);
    if (page === undefined) return { outcome: 'all', expired: 0 };
    if (!custody.fits(session, page.envelopes.length, page.end.bytes)) {
      this.#crowded.add(sid);
      return { outcome: 'held', expired: 0 };
    }
    this.#mailbox.hand(sid, page);
    custody.givePage(session, page);
    return { outcome: this.#mailbox.isEmpty(sid) ? 'all' : 'more', expired: page.expired };
  }

  /** A session has these pages of its mailbox, and room for more. */
  acknowledged(sid: string | undefined, pages: readonly PageEnd[]): void {
    if (pages.length > 0) this.#mailbox.settle(sid, pages);
    this.#drainCrowded();
  }

  /** Ends a session. Returns whether it was a custody session in memory. */
  ended(sid: string | undefined): boolean {
    this.#crowded.delete(sid);
    const wasCustody = this.mail.end(sid);
    if (wasCustody) this.#drainCrowded();
    return wasCustody;
  }

  /** All sessions share the object's limit: room in one may be room for another. */
  #drainCrowded(): void {
    const crowded = [...this.#crowded];
    this.#crowded.clear();
    for (const sid of crowded) this.#port.drain(sid);
  }

  /** Returns the verdict of an urgent envelope: it is stored if its receipt does not come in time. */
  async #decided(session: CustodySession, decided: Promise<Verdict>): Promise<Verdict> {
    const done = new AbortController();
    const late = this.#port.host.wait(URGENT_MS, done.signal).then(() => {
      if (this.#port.custody.session(session.sid) === session) this.mail.keepOrder(session);
      return 'full' as const;
    });
    try {
      return await Promise.race([decided, late]);
    } finally {
      done.abort();
      late.catch(() => undefined);
    }
  }
}
