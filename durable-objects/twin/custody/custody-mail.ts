import type { Verdict } from '../../contract.ts';
import type { Host } from '../../host.ts';
import type { Count } from '../../stats/catalogue.ts';
import type { Mailbox } from '../receive/mailbox.ts';
import { reasonOf } from '../send/verdict.ts';
import type { Custody } from './custody.ts';
import type { CustodySession, Held } from './custody-session.ts';

/** The port of custody's mail to its object. */
export interface CustodyMailPort {
  readonly host: Pick<Host, 'now'>;
  readonly count: Count;
  readonly custody: Pick<Custody<never>, 'end' | 'settled' | 'passOn'>;
  /** Stores an envelope in the mailbox. A failure of the storage counts as `full`. */
  store(sid: string | undefined, bytes: Uint8Array, expiresAt: number): 'stored' | 'full' | 'share';
  /** Returns whether the stored envelopes are in the database. */
  write(): boolean;
  /** Removes envelopes in time that expire at `expiry`, Unix seconds. */
  expireAt(expiry: number): void;
}

/** Puts into the mailbox what custody sessions have in flight and only memory has: in order, before anything newer. */
export class CustodyMail {
  readonly #mailbox: Mailbox;
  readonly #ttl: number;
  readonly #port: CustodyMailPort;

  /** @param ttl seconds for which the mailbox keeps an envelope at most */
  constructor(mailbox: Mailbox, ttl: number, port: CustodyMailPort) {
    this.#mailbox = mailbox;
    this.#ttl = ttl;
    this.#port = port;
  }

  /**
   * Stores what a connected session has in flight, because something newer must be stored. It counts as handed out: the
   * session has it already. Returns false if not all of it could be stored: then nothing newer may be.
   */
  keepOrder({ sid, inFlight }: CustodySession): boolean {
    const unstored = inFlight.unstored();
    const refused = unstored.findIndex((held) => this.#store(sid, held) !== 'stored');
    const stored = refused < 0 ? unstored : unstored.slice(0, refused);
    if (stored.length === 0) return unstored.length === 0;
    if (!this.#port.write()) return false;
    const page = this.#mailbox.handRest(sid);
    if (page !== undefined) inFlight.stored(stored.length, page);
    this.#settle(stored, () => 'stored');
    return stored.length === unstored.length;
  }

  /** Ends a session. Returns whether it was a custody session in memory. */
  end(sid: string | undefined): boolean {
    const open = this.#port.custody.end(sid);
    if (open === undefined) return false;
    const now = Math.floor(this.#port.host.now() / 1000);
    const verdicts = open.map((held) => (held.expiresAt <= now ? 'expired' : this.#store(sid, held)));
    const isWritten = verdicts.every((verdict) => verdict !== 'stored') || this.#port.write();
    this.#settle(open, (n) => (verdicts[n] === 'stored' && !isWritten ? 'full' : (verdicts[n] ?? 'full')));
    return true;
  }

  #store(sid: string | undefined, { bytes, expiresAt }: Held): 'stored' | 'full' | 'share' {
    return this.#port.store(sid, bytes, Math.min(expiresAt, Math.floor(this.#port.host.now() / 1000) + this.#ttl));
  }

  #settle(envelopes: readonly Held[], verdictOf: (n: number) => Verdict): void {
    if (envelopes.length === 0) return;
    const { count, custody } = this.#port;
    let [stored, expiry] = [0, Number.POSITIVE_INFINITY];
    for (const [n, held] of envelopes.entries()) {
      const verdict = verdictOf(n);
      const reason = reasonOf(verdict, 'here');
      held.decided?.(verdict);
      // The session may have it, so an error could be a second outcome. A sender with custody sends it again.
      custody.settled(held, reason === undefined ? 'stored' : 'undelivered');
      if (reason !== undefined) {
        count('relay_messages_dropped_total', 1, reason);
        continue;
      }
      stored += 1;
      expiry = Math.min(expiry, held.expiresAt, Math.floor(this.#port.host.now() / 1000) + this.#ttl);
    }
    if (stored > 0) {
      count('relay_messages_stored_total', stored);
      count('relay_custody_mailed_total', stored);
      this.#port.expireAt(expiry);
    }
    // Nothing else may carry them, and their senders would send again.
    custody.passOn(true);
  }
}
