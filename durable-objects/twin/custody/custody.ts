import { type CustodyFrame, encodeFrame } from '../../../proto/custody/frame.ts';
import type { Outcome } from '../../../proto/custody/outcome.ts';
import type { Origin } from '../../contract.ts';
import type { Host } from '../../host.ts';
import type { Count } from '../../stats/catalogue.ts';
import type { Page, PageEnd } from '../receive/mailbox-pages.ts';
import type { Session } from '../sessions/attachment.ts';
import { type CustodySession, type Held, openSession } from './custody-session.ts';
import { owned, packReceipts, unpackReceipts } from './packed.ts';
import { ReceiptsDue } from './receipts-due.ts';
import { Watch } from './watch.ts';

/** The most bytes in flight to all custody sessions of an object: several objects share the 128 MB of an isolate. */
const MOST_OF_ALL_BYTES = 24 * 2 ** 20;

/** Cheaper than `queueMicrotask`, which leaves JavaScript. */
const NOW = Promise.resolve();

/** The port of custody to its object. */
export interface CustodyPort<S> {
  readonly host: Host;
  readonly count: Count;
  /** The twin of this object; undefined if the object does not know its name. */
  readonly twin: number | undefined;
  readonly sessions: {
    all(): readonly S[];
    sessionOf(socket: S): Session | undefined;
    sender(sid: string | undefined): { readonly socket: S; send(bytes: Uint8Array): boolean } | undefined;
  };
  /** Returns when the platform last answered this socket's client automatically, Unix ms. */
  answeredAt(socket: S): number | undefined;
  readonly reporter: {
    /** Counts a message of so many bytes to a session. */
    transmitted(bytes: number): void;
    /** Counts a frame to a session. */
    framed(): void;
    /** Counts envelopes for which a session gave its receipts. */
    acknowledged(envelopes: number): void;
  };
  /** Closes a session that is lost, and stores what it has in flight. */
  lose(socket: S, why: 'silent' | 'stuck'): void;
  delivery(): {
    /** A session has these pages of its mailbox, and room for more. */
    acknowledged(sid: string | undefined, pages: readonly PageEnd[]): void;
    /** A session was given pages of its mailbox of which nobody knows any more. */
    forgotten(sid: string | undefined): void;
    /** The socket of a session broke. */
    ended(sid: string | undefined, isClean: boolean): void;
    /** Sends a session its stored envelopes. */
    drain(sid: string | undefined): Promise<void>;
  };
  /** Returns whether envelopes wait for a twin: their call will carry receipts. */
  isWaiting(twin: number): boolean;
  /** Returns whether a twin's object gets no calls for a pause. */
  isStopped(twin: number): boolean;
  /** Brings receipts to the object of another twin. */
  bring(twin: number, packed: Uint8Array): Promise<void>;
}

/**
 * The custody sessions of one object: what each has in flight, and the receipts on their way. All of it is in memory only.
 * What a session is sent leaves at the end of the turn of the event loop, in as few frames as possible.
 */
export class Custody<S> {
  /** New with each loss of the object's memory. */
  readonly epoch: number;
  readonly #port: CustodyPort<S>;
  readonly #sessions = new Map<string | undefined, CustodySession>();
  readonly #byConnection = new Map<number, CustodySession>();
  /** Every open custody session is in memory: after waking, once somebody asks for a connection. */
  #isComplete = false;
  readonly #due = new ReceiptsDue();
  readonly #watch: Watch;
  readonly #toSend = new Set<CustodySession>();
  #bytes = 0;

  constructor(epoch: number, port: CustodyPort<S>) {
    this.epoch = epoch;
    this.#port = port;
    this.#watch = new Watch(port.host, () => this.#look());
  }

  /** Returns the custody session of a sid; undefined if it is plain or not connected. */
  session(sid: string | undefined): CustodySession | undefined {
    const open = this.#port.sessions.sender(sid);
    if (open === undefined) return undefined;
    const session = this.#of(open.socket);
    return session === undefined || this.#isLost(session, open.socket) ? undefined : session;
  }

  /** A new connection was accepted. What its session had before was ended. */
  opened(socket: S): void {
    this.#of(socket);
  }

  /** Returns whether a session has room for so much more. */
  fits({ inFlight }: CustodySession, envelopes: number, bytes: number): boolean {
    return inFlight.fits(envelopes, bytes) && (this.#bytes === 0 || this.#bytes + bytes <= MOST_OF_ALL_BYTES);
  }

  /** Gives a session an envelope that only memory has. */
  give(session: CustodySession, envelope: Held): void {
    const held = { ...envelope, bytes: owned(envelope.bytes) };
    const sequence = session.inFlight.give(held, this.#port.host.now());
    session.outgoing.envelope(sequence, held.bytes, held.isUrgent ?? false);
    this.#given(session, held.bytes.length);
    // A sender with custody sends again without a receipt, and that shows a session that is lost. For others a timer looks.
    if (held.origin === undefined) this.#watch.start();
  }

  /** Gives a session a page of its mailbox. */
  givePage(session: CustodySession, page: Page): void {
    const now = this.#port.host.now();
    const held = page.envelopes.map((bytes) => ({ bytes: owned(bytes), expiresAt: 0 }));
    const sequences = session.inFlight.givePage(page.end, held, now);
    for (const [n, { bytes }] of held.entries()) session.outgoing.envelope(sequences[n] ?? 0, bytes, false);
    this.#given(
      session,
      held.reduce((sum, { bytes }) => sum + bytes.length, 0),
    );
    // While mail is stored, no event looks at the session: what comes is stored behind it.
    this.#watch.start();
    // A page whose envelopes have all expired needs no receipt.
    if (held.length === 0) this.#acknowledge(session, []);
  }

  /** Takes what a client's frame says about envelopes that it was given. */
  receive(socket: S, { epoch, receipts, first }: CustodyFrame): void {
    const session = this.#of(socket);
    if (session === undefined) return;
    if (session.since === 0) session.since = first;
    session.inFlight.heard(this.#port.host.now());
    if (receipts.length === 0) return;
    if (epoch === this.epoch) this.#acknowledge(session, receipts);
    // They are about frames of before this object lost its memory: what was stored is handed out to nobody now.
    else this.#port.delivery().forgotten(session.sid);
  }

  /**
   * Brings receipts to the objects of other twins that wait for no call.
   * @param isUrgent all of them
   * @param called twins that get a call now anyway
   */
  passOn(isUrgent: boolean, called?: ReadonlySet<number>): void {
    const twins = isUrgent ? this.#due.twins() : this.#due.pressing(this.#port.host.now());
    for (const twin of twins) if (called?.has(twin) !== true && !this.#port.isStopped(twin)) this.#bring(twin);
  }

  /** Brings all receipts for one twin at once. */
  #bring(twin: number): void {
    const packed = this.take(twin);
    // Without this receipt the sender sends again. Code without custody has no such method.
    if (packed !== undefined) this.#port.host.background(this.#port.bring(twin, packed).catch(() => undefined));
  }

  /** Takes the receipts for a twin, packed for a call to its object; undefined when none wait. */
  take(twin: number): Uint8Array | undefined {
    const due = this.#due.take(twin);
    return due.length === 0 ? undefined : packReceipts(due);
  }

  /** The call to a twin that was to carry these receipts never ran. */
  stayed(twin: number, packed: Uint8Array): void {
    this.#due.giveBack(twin, unpackReceipts(packed), this.#port.host.now());
  }

  /** Takes the receipts for a twin for the answer of its call, unless a call to it will carry them. */
  takeForAnswer(twin: number): Uint8Array | undefined {
    return this.#port.isWaiting(twin) ? undefined : this.take(twin);
  }

  /** Receipts for connections of this twin have come: they leave at the end of this turn. */
  came(packed: Uint8Array): void {
    for (const { connection, ...receipt } of unpackReceipts(packed)) {
      const session = this.#find(connection);
      if (session === undefined) continue;
      session.outgoing.receipt(receipt);
      this.#sendSoon(session);
    }
  }

  /** Tells a session of this twin the outcome of an envelope. A connection that has ended needs none. */
  tell({ connection, sequence }: Origin, outcome: Outcome): void {
    const session = this.#find(connection);
    if (session === undefined) return;
    session.outgoing.receipt({ first: sequence, last: sequence, outcome });
    this.#sendSoon(session);
  }

  /** Notes who has custody of an envelope now. Its origin's object learns it with the next call. */
  settled({ origin }: Held, outcome: Outcome): void {
    if (origin === undefined) return;
    if (origin.twin === this.#port.twin) this.tell(origin, outcome);
    else this.#due.add(origin.twin, origin.connection, origin.sequence, outcome, this.#port.host.now());
  }

  /** Ends a session. Returns what only memory had, oldest first; undefined if it was no custody session. */
  end(sid: string | undefined): Held[] | undefined {
    const session = this.#sessions.get(sid);
    if (session === undefined) return undefined;
    this.#sessions.delete(sid);
    this.#byConnection.delete(session.connection);
    this.#toSend.delete(session);
    this.#bytes -= session.inFlight.bytes;
    const open = session.inFlight.end();
    this.#rest();
    return open;
  }

  #acknowledge(session: CustodySession, receipts: CustodyFrame['receipts']): void {
    const { inFlight, sid } = session;
    const before = inFlight.bytes;
    const { envelopes, given, pages } = inFlight.receive(receipts, this.#port.host.now());
    this.#bytes -= before - inFlight.bytes;
    for (const held of given) {
      held.decided?.('sent');
      this.settled(held, 'delivered');
    }
    this.#port.reporter.acknowledged(envelopes);
    this.#rest();
    this.#port.delivery().acknowledged(sid, pages);
  }

  #given(session: CustodySession, bytes: number): void {
    this.#bytes += bytes;
    this.#sendSoon(session);
  }

  /** Ends the watch when nothing is in flight: an object with a timer does not sleep. */
  #rest(): void {
    for (const { inFlight } of this.#sessions.values()) if (inFlight.size > 0) return;
    this.#watch.stop();
  }

  /** Returns whether a session with something in flight is lost. Then it is closed. */
  #isLost({ inFlight }: CustodySession, socket: S): boolean {
    const { host, answeredAt, lose } = this.#port;
    const now = host.now();
    if (!inFlight.isOverdue(now)) return false;
    const look = inFlight.look(now, answeredAt(socket) ?? 0);
    if (look.kind === 'lost') lose(socket, look.why);
    return look.kind === 'lost';
  }

  /** Closes lost sessions. Returns when to look again; undefined when nothing is in flight. */
  #look(): number | undefined {
    const { host, sessions, answeredAt, lose } = this.#port;
    let next: number | undefined;
    for (const { sid, inFlight } of [...this.#sessions.values()]) {
      const open = sessions.sender(sid);
      if (open === undefined) continue;
      const look = inFlight.look(host.now(), answeredAt(open.socket) ?? 0);
      if (look.kind === 'lost') lose(open.socket, look.why);
      if (look.kind === 'fine') next = Math.min(next ?? look.until, look.until);
    }
    return next;
  }

  #sendSoon(session: CustodySession): void {
    // All that this turn of the event loop still has for any session goes with it.
    if (this.#toSend.size === 0) void NOW.then(this.#send);
    this.#toSend.add(session);
  }

  readonly #send = (): void => {
    const sessions = [...this.#toSend];
    this.#toSend.clear();
    for (const session of sessions) {
      const open = this.#port.sessions.sender(session.sid);
      const isThere = open !== undefined && this.#of(open.socket) === session;
      if (isThere && session.outgoing.take(session.since).every((frame) => this.#sendFrame(frame, open))) continue;
      // A newer connection has the session, or the socket broke.
      if (this.#sessions.get(session.sid) === session) this.#port.delivery().ended(session.sid, false);
    }
  };

  #sendFrame(frame: CustodyFrame, { send }: { send(bytes: Uint8Array): boolean }): boolean {
    if (!send(encodeFrame(frame))) return false;
    this.#port.reporter.framed();
    for (const { length } of frame.envelopes) this.#port.reporter.transmitted(length);
    return true;
  }

  #find(connection: number): CustodySession | undefined {
    if (!this.#isComplete) {
      this.#isComplete = true;
      for (const socket of this.#port.sessions.all()) this.#of(socket);
    }
    return this.#byConnection.get(connection);
  }

  /** A session gets again what the memory of before had given it of its mailbox. */
  #recover(sid: string | undefined): void {
    const { host, delivery } = this.#port;
    host.background(Promise.resolve().then(() => delivery().drain(sid)));
  }

  /** Returns the custody session of an open socket. */
  #of(socket: S): CustodySession | undefined {
    const session = this.#port.sessions.sessionOf(socket);
    if (session?.custody === undefined) return undefined;
    const { sid, custody } = session;
    const known = this.#sessions.get(sid);
    if (known?.connection === custody.connection) return known;
    const opened = openSession(sid, custody, this.epoch);
    if (known !== undefined) this.#byConnection.delete(known.connection);
    this.#sessions.set(sid, opened);
    this.#byConnection.set(custody.connection, opened);
    this.#recover(sid);
    return opened;
  }
}
