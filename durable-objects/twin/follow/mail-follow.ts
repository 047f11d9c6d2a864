import type { Address } from '../../../proto/envelope/address.ts';
import { hasTag } from '../../../proto/envelope/envelope.ts';
import { decodeHead } from '../../../proto/envelope/envelope-head.ts';
import type { FollowHint, TwinLookup } from '../../contract.ts';
import type { Host } from '../../host.ts';
import { logLine } from '../../log.ts';
import type { Count } from '../../stats/catalogue.ts';
import type { Mailbox } from '../receive/mailbox.ts';
import type { Page } from '../receive/mailbox-pages.ts';
import type { RoutedEnvelope } from '../send/routed-envelope.ts';
import { planOf, waitAfter } from './follow-plan.ts';

/** The twin is looked up for its mail at most so often, unless the chain has news of it. */
const LOOK_MS = 5_000;

/** The name of a relay that has none in its settings, before anything reached it. */
const UNKNOWN = '';

/** The port of following to its object. */
export interface FollowPort {
  readonly host: Pick<Host, 'now'>;
  readonly count: Count;
  readonly mailbox: Pick<Mailbox, 'sessions' | 'page' | 'hand' | 'settle' | 'store' | 'write'>;
  /** Returns whether a session is connected here. */
  isConnected(sid: string | undefined): boolean;
  /** Whether relays at private addresses are asked. */
  readonly allowsPrivate: boolean;
  ownDomains(host: string): readonly string[];
  /** Looks this twin up. @param block hash of the block with its change, which no cache may know yet */
  lookup(twin: number, block: string | undefined): Promise<TwinLookup>;
  readonly federation: {
    adopt(twin: number, mail: readonly RoutedEnvelope[]): Promise<void> | undefined;
    offer(envelope: RoutedEnvelope, domains: readonly string[]): Promise<boolean>;
  };
  /** Has `follow` called at `at` (Unix ms), after a crash as well. */
  wakeAt(at: number): Promise<void>;
}

/**
 * Brings the mail of a twin to the relay where the twin is. If the twin left this relay, the mail goes to the federation
 * queue. If it is one of several, the oldest envelope is offered to the others, which take it if they have
 * its session; then the rest follows.
 */
export class MailFollow {
  readonly #port: FollowPort;
  #host = UNKNOWN;
  #isLooking = false;
  /** A hint that came while it looked. */
  #next: FollowHint | undefined;
  #notBefore = 0;
  /** How often it was put off, in a row. */
  #questions = 0;

  constructor(port: FollowPort) {
    this.#port = port;
  }

  /** Notes the host by which a client or a relay reached this relay: a relay without a setting has that name. */
  reachedBy(host: string): void {
    this.#host = host;
  }

  /** Looks whether the mail goes to another relay, and sends it there. Never rejects. */
  async follow(hint: FollowHint): Promise<void> {
    if (hint.host !== undefined) this.reachedBy(hint.host);
    if (this.#isLooking) {
      this.#next = { ...this.#next, ...hint };
      return;
    }
    this.#isLooking = true;
    for (let each: FollowHint | undefined = hint; each !== undefined; each = this.#takeNext()) await this.#try(each);
    this.#isLooking = false;
  }

  #takeNext(): FollowHint | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  async #try(hint: FollowHint): Promise<void> {
    try {
      if (hint.isAsked) this.#questions = 0;
      if (hint.isAsked || !(await this.#look(hint.block))) await this.#later();
    } catch (error) {
      // The mail is where it was.
      logLine('error', 'mail-not-followed', { error: String(error) });
    }
  }

  /** Resolves with false if it must look again later. */
  async #look(block: string | undefined): Promise<boolean> {
    const { host, ownDomains, federation, allowsPrivate } = this.#port;
    const own = ownDomains(this.#host);
    // Without its own names this relay cannot tell whether the twin left it.
    const oldest = own.includes(UNKNOWN) ? undefined : this.#oldest(own);
    if (oldest === undefined) {
      this.#questions = 0;
      return true;
    }
    if (block === undefined && host.now() < this.#notBefore) return true;
    this.#notBefore = host.now() + LOOK_MS;
    const lookup = await this.#port.lookup(oldest.to.twin, block);
    if (!('found' in lookup)) return 'unknown' in lookup;
    const plan = planOf(lookup.found.relay, own, allowsPrivate);
    if (plan.kind === 'stay') return true;
    if (plan.kind === 'move') return await this.#move(oldest.to.twin, own);
    if (!(await federation.offer(oldest, plan.domains))) return false;
    this.#questions = 0;
    this.#notBefore = 0;
    return await this.#move(oldest.to.twin, own, oldest);
  }

  /**
   * Moves all mail of sessions that are not connected here to the federation queue, page by page.
   * @param taken an envelope that another relay has already
   * @returns whether all of it moved
   */
  async #move(twin: number, own: readonly string[], taken?: RoutedEnvelope): Promise<boolean> {
    for (const { sid, messages } of this.#port.mailbox.sessions()) {
      let left = messages;
      while (left > 0 && !this.#port.isConnected(sid)) {
        const page = this.#port.mailbox.page(sid, this.#seconds());
        if (page === undefined) break;
        left -= page.end.messages;
        const moved = this.#movePage(twin, sid, page, own, taken);
        if (moved === undefined) return false;
        await moved;
      }
    }
    return true;
  }

  /** All of it is in one turn of the event loop, so that a crash finds each envelope in one of the two places. */
  #movePage(twin: number, sid: string | undefined, page: Page, own: readonly string[], taken?: RoutedEnvelope) {
    const { mailbox, federation, count } = this.#port;
    const sorted = routedMail(page, own);
    const mail = sorted.mail.filter((envelope) => taken === undefined || !isSame(envelope.bytes, taken.bytes));
    const adopted = mail.length === 0 ? Promise.resolve() : federation.adopt(twin, mail);
    if (adopted === undefined) return undefined;
    mailbox.hand(sid, page);
    mailbox.settle(sid, [page.end]);
    for (const { bytes, expiresAt } of sorted.staying) mailbox.store(sid, bytes, expiresAt);
    mailbox.write();
    if (page.expired > 0) count('relay_messages_dropped_total', page.expired, 'expired');
    const moved = sorted.mail.length;
    if (moved > 0) count('relay_mail_moved_total', moved);
    return adopted;
  }

  /** Returns the oldest envelope of the first session that is not connected here. */
  #oldest(own: readonly string[]): RoutedEnvelope | undefined {
    const { mailbox, isConnected } = this.#port;
    for (const { sid } of mailbox.sessions()) {
      if (isConnected(sid)) continue;
      const page = mailbox.page(sid, this.#seconds());
      const oldest = page && routedMail(page, own).mail[0];
      if (oldest !== undefined) return oldest;
    }
    return undefined;
  }

  #later(): Promise<void> {
    const wait = waitAfter(this.#questions);
    this.#questions += 1;
    return this.#port.wakeAt(this.#port.host.now() + wait);
  }

  #seconds(): number {
    return Math.floor(this.#port.host.now() / 1000);
  }
}

/** Routes the mail of a page. What has no source stays: it is this relay's own error, and no other relay takes it. */
function routedMail({ envelopes, expiries }: Page, [host = '']: readonly string[]) {
  const mail: RoutedEnvelope[] = [];
  const staying: { readonly bytes: Uint8Array; readonly expiresAt: number }[] = [];
  envelopes.forEach((bytes, index) => {
    const expiresAt = expiries[index] ?? 0;
    const head = decodeHead(bytes);
    const source = head.ok ? head.value.source : undefined;
    const to: Address | undefined = head.ok ? head.value.destination : undefined;
    if (!head.ok || source === undefined || source.twin === 0 || to === undefined) {
      staying.push({ bytes, expiresAt });
      return;
    }
    mail.push({
      from: { twin: source.twin, sid: source.connection, host },
      to,
      bytes,
      isRequest: head.value.kind === 'request',
      failFast: hasTag(head.value.tags, 'fail-fast'),
      expiresAt,
      isMail: true,
    });
  });
  return { mail, staying };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
