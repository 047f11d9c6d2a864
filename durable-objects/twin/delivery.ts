import type { Parcel, Verdict } from '../contract.ts';
import type { Mailbox, Place } from './mailbox.ts';
import type { PageEnd } from './mailbox-pages.ts';
import { Repeats } from './repeats.ts';

/** What delivery needs of the twin's sockets. */
export interface SessionPort {
  has(sid: string | undefined): boolean;
  send(sid: string | undefined, bytes: Uint8Array): boolean;
  /** `send` for one session until this event lets others in; undefined when it is not connected. */
  sender(sid: string | undefined): SendBytes | undefined;
}

/** Hands bytes to a session; false when its socket broke. */
export type SendBytes = (bytes: Uint8Array) => boolean;

/** What delivery needs of its object; times in Unix ms. */
export interface DeliveryPort {
  now(): number;
  /** Lets other events in between two pages of a drain. */
  pause(): Promise<void>;
  /** Ends when what was given to a socket has had time to leave this machine. */
  settling(): Promise<void>;
  /** Goes on with work for which the sender need not wait. */
  background(work: Promise<void>): void;
  /** Mail lies in the box that expires at `at`: see to it then. */
  expireAt(at: number): Promise<void>;
  /** A drain is under way, or is over: what must be taken up again should the object die in between. */
  draining(under: boolean): Promise<void>;
  /** So many letters lie in the box now that were not there before. Who brought them counts them. */
  stored(letters: number): void;
  /** One of them was our own. */
  mailed(): void;
  /** So many letters waited for too long. */
  expired(letters: number): void;
}

/** The receiving end: a parcel goes to its session's socket, or into the mailbox, or back. */
export class Delivery {
  readonly #sessions: SessionPort;
  readonly #mailbox: Mailbox;
  readonly #port: DeliveryPort;
  readonly #ttl: number;
  readonly #drains = new Set<string | undefined>();
  readonly #repeats = new Repeats<Place>();

  /** @param ttl seconds for which a mailbox keeps a letter at most */
  constructor(sessions: SessionPort, mailbox: Mailbox, ttl: number, port: DeliveryPort) {
    this.#sessions = sessions;
    this.#mailbox = mailbox;
    this.#ttl = ttl;
    this.#port = port;
  }

  /** Delivers in order; one verdict a parcel. */
  async deliver(batch: readonly Parcel[]): Promise<Verdict[]> {
    let expiry = Number.POSITIVE_INFINITY;
    const waiting = new Set<string | undefined>();
    // The session of the parcel before, if that went straight to it: then so may this one.
    let straight: { readonly sid: string | undefined; readonly send: SendBytes } | undefined;
    const verdicts = batch.map((parcel) => {
      const { sid, digest } = parcel;
      if (digest !== undefined && this.#repeats.isRepeat(digest, (place) => this.#mailbox.lies(place))) return 'repeat';
      const before = straight?.sid === sid ? straight : undefined;
      const send = before?.send ?? this.#sessions.sender(sid);
      // While older mail waits, a newer message joins its end: order holds even in the middle of a drain.
      if (send !== undefined && (before !== undefined || this.#mailbox.isEmpty(sid)) && send(parcel.bytes)) {
        straight = before ?? { sid, send };
        if (digest !== undefined) this.#passed(digest, parcel, undefined);
        return 'sent';
      }
      straight = undefined;
      // Asked again: the socket may have broken in the attempt.
      const isAway = send === undefined || !this.#sessions.has(sid);
      if (isAway && parcel.ifAway === 'return') return 'offline';
      const nowSeconds = this.#seconds();
      const expiresAt = Math.min(parcel.expiresAt, nowSeconds + this.#ttl);
      if (expiresAt <= nowSeconds) return 'expired';
      const verdict = this.#mailbox.store(sid, parcel.bytes, expiresAt);
      if (verdict === 'stored') {
        expiry = Math.min(expiry, expiresAt);
        if (digest !== undefined) this.#passed(digest, parcel, this.#mailbox.lastPlace(sid));
      }
      if (!isAway) waiting.add(sid);
      return verdict;
    });
    if (!this.#write()) return verdicts.map((verdict) => (verdict === 'stored' ? 'full' : verdict));
    const stored = verdicts.filter((verdict) => verdict === 'stored').length;
    if (stored > 0) this.#port.stored(stored);
    if (expiry !== Number.POSITIVE_INFINITY) await this.#port.expireAt(expiry * 1000);
    for (const sid of waiting) this.#port.background(this.drain(sid));
    return verdicts;
  }

  /** Brings something of our own to a session, or keeps it for as long as a mailbox may. */
  async mail(sid: string | undefined, bytes: Uint8Array): Promise<void> {
    const [verdict] = await this.deliver([{ sid, bytes, ifAway: 'store', expiresAt: this.#seconds() + this.#ttl }]);
    if (verdict === 'stored') this.#port.mailed();
  }

  /**
   * Hands a session its mail, oldest first, page by page. A letter leaves the box some time after it was given
   * to the socket: a relay that dies in between repeats it, and never loses it.
   */
  async drain(sid: string | undefined): Promise<void> {
    if (this.#drains.has(sid) || this.#mailbox.isEmpty(sid)) return;
    this.#drains.add(sid);
    const given: PageEnd[] = [];
    try {
      while (this.#sendPage(sid, given)) {
        await this.#port.draining(true);
        await this.#port.pause();
      }
      if (this.#drains.size === 1) await this.#port.draining(false);
    } finally {
      this.#drains.delete(sid);
    }
    await this.#port.settling();
    // A socket that broke meanwhile has had its end, which knew better.
    if (this.#sessions.has(sid)) this.#mailbox.settle(sid, given);
  }

  /**
   * A session's socket is gone.
   * @param isClean the client closed it: it has read what came before
   */
  ended(sid: string | undefined, isClean: boolean): void {
    if (isClean) this.#mailbox.settle(sid);
    else this.#mailbox.recall(sid);
  }

  /** Removes what waited for too long, and sees to what will. */
  async purge(): Promise<void> {
    const { expired, next } = this.#mailbox.purge(this.#seconds());
    if (expired > 0) this.#port.expired(expired);
    if (next !== undefined) await this.#port.expireAt(next * 1000);
  }

  /** Sends one page and notes it in `given`; whether more is to come. */
  #sendPage(sid: string | undefined, given: PageEnd[]): boolean {
    const page = this.#mailbox.page(sid, this.#seconds());
    if (page === undefined) return false;
    // A socket that broke in the middle: the next one gets the whole page.
    if (!page.letters.every((letter) => this.#sessions.send(sid, letter))) return false;
    this.#mailbox.hand(sid, page);
    given.push(page.end);
    if (page.expired > 0) this.#port.expired(page.expired);
    return !this.#mailbox.isEmpty(sid);
  }

  /** Whether what was stored stands in the database. */
  #write(): boolean {
    try {
      this.#mailbox.write();
      return true;
    } catch (error) {
      console.error(JSON.stringify({ event: 'mailbox-not-written', error: String(error) }));
      return false;
    }
  }

  #passed(digest: string, { expiresAt }: Parcel, place: Place | undefined): void {
    this.#repeats.pass(digest, place, expiresAt, this.#seconds());
  }

  #seconds(): number {
    return Math.floor(this.#port.now() / 1000);
  }
}
