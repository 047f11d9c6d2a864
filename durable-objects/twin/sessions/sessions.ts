import type { SessionClose } from '../../../proto/session-close.ts';
import type { UnprovenNote } from '../back-pressure/ledger.ts';
import {
  type Attached,
  type ClosedAttachment,
  type Notes,
  type OpenAttachment,
  readAttachment,
  type Session,
  writeAttachment,
} from './attachment.ts';
import { CLOSE } from './close.ts';
import { afterAnswer, isDuelAt, NO_RIVAL, takesOver } from './rivalry.ts';
import { type Socket, type SocketStore, tagOf } from './socket.ts';

const OPEN = 1;
/** Without a limit, a program that opens new sids all the time would fill its object. */
export const MAX_SESSIONS = 1000;

/**
 * The outcome of a new connection: its session is `new`; it `replaced` an older connection; it was `contested`, and closed
 * at once with the reason; or the twin is `full`, and the connection was not accepted.
 */
export type Acceptance = 'new' | 'replaced' | 'contested' | 'full';

/** A session that has lost its last connection. */
export interface SessionEnd {
  readonly sid: string | undefined;
  /** The relay had closed the socket before. Only now its client is gone. */
  readonly wasDismissed: boolean;
}

/**
 * The sockets of one twin, by sid. The maps are only caches of what is on the sockets. A socket that lost its session has
 * the mark `closed` from before its close, because its `readyState` is open again after two sleeps.
 */
export class Sessions<S extends Socket> {
  readonly #store: SocketStore<S>;
  readonly #leaves: (socket: S) => void;
  readonly #open = new Map<string | undefined, S>();
  /** The attachment of each socket, parsed once: parsing it for each frame would cost too much. */
  readonly #known = new WeakMap<S, Attached>();
  /** The last connection of a session that the relay closed, until its client is gone or another connects. */
  readonly #dismissed = new Map<string | undefined, S>();

  /** @param leaves called before a socket loses its notes */
  constructor(store: SocketStore<S>, leaves: (socket: S) => void) {
    this.#store = store;
    this.#leaves = leaves;
  }

  /**
   * Accepts a new connection. The newer one of a session wins at once. Only in the pause of a duel it is closed instead,
   * with a code that says why.
   * @param now Unix ms
   */
  accept(socket: S, session: Session, now: number): Acceptance {
    const { sid } = session;
    const older = this.#live(sid);
    if (older.length === 0 && this.all().length >= MAX_SESSIONS) return 'full';
    const before = older.map((each) => this.#openOn(each)).at(0);
    const rivalry = before?.rivalry ?? NO_RIVAL;
    const isContested = older.length > 0 && !takesOver(rivalry, now);
    this.#store.acceptWebSocket(socket, isContested ? [] : [tagOf(sid)]);
    if (isContested) {
      this.#close(socket, CLOSE.usedTwice, { kind: 'closed' });
      return 'contested';
    }
    this.#write(socket, { kind: 'open', session, rivalry, notes: { toldAt: before?.notes.toldAt } });
    this.#open.set(sid, socket);
    this.#dismissed.delete(sid);
    // Only a live client reads the reason, and its answer makes the switch part of a duel.
    const why = isDuelAt(rivalry, now) ? CLOSE.usedTwice : CLOSE.takenOver;
    for (const each of older) this.#close(each, why, { kind: 'closed', lost: { sid, at: now } });
    return older.length > 0 ? 'replaced' : 'new';
  }

  /** Returns whether a session is connected. */
  has(sid: string | undefined): boolean {
    return this.#find(sid) !== undefined;
  }

  /**
   * Returns a session's socket, and how to send to it; undefined if it is not connected. It is valid for this turn of the
   * event loop, in which no socket's state changes: checking the state costs as much as sending.
   */
  sender(sid: string | undefined): { readonly socket: S; send(bytes: Uint8Array): boolean } | undefined {
    const socket = this.#find(sid);
    if (socket === undefined) return undefined;
    const send = (bytes: Uint8Array) => {
      try {
        socket.send(bytes);
        return true;
      } catch {
        // The socket closed after the check of its state. Its close event follows.
        this.#open.delete(sid);
        return false;
      }
    };
    return { socket, send };
  }

  /** Returns whether frames of a socket count: it holds its session, and the relay has not closed it. */
  hears(socket: S): boolean {
    const session = this.sessionOf(socket);
    if (session === undefined) return false;
    if (this.#open.get(session.sid) === socket) return true;
    const isOpen = this.isOpen(socket);
    if (isOpen) this.#open.set(session.sid, socket);
    return isOpen;
  }

  /** Closes a session's socket because of its client. */
  dismiss(socket: S, why: SessionClose): void {
    const session = this.sessionOf(socket);
    if (session === undefined) return;
    this.#dismissed.set(session.sid, socket);
    this.#close(socket, why, { kind: 'closed' });
  }

  /**
   * Closes the sockets whose attachment this code cannot read. Returns how many. Their clients connect again.
   * @param all close all others as well: this code cannot read the object's tables
   */
  dismissUnreadable(all = false): number {
    const unreadable = this.#store
      .getWebSockets()
      .filter((socket) => this.#read(socket) === undefined || (all && this.isOpen(socket)));
    for (const socket of unreadable) this.#close(socket, CLOSE.unreadable, { kind: 'closed' });
    return unreadable.length;
  }

  /** Returns the session of a socket; undefined if it holds no session. */
  sessionOf(socket: S): Session | undefined {
    return this.#openOn(socket)?.session;
  }

  /** Returns the notes on a socket; empty if it holds no session. */
  notesOn(socket: S): Notes {
    return this.#openOn(socket)?.notes ?? {};
  }

  /** Writes notes on a socket that outlive a sleep. Notes that are not named stay. */
  note(socket: S, notes: Notes): void {
    const open = this.#openOn(socket);
    if (open !== undefined) this.#write(socket, { ...open, notes: { ...open.notes, ...notes } });
  }

  /** Returns the note about unproven bytes on a socket, also after its close. */
  unprovenOn(socket: S): UnprovenNote | undefined {
    const attached = this.#read(socket);
    return attached?.kind === 'open' ? attached.notes.unproven : attached?.unproven;
  }

  /** Writes the note about unproven bytes. */
  noteUnproven(socket: S, unproven: UnprovenNote): void {
    const attached = this.#read(socket);
    if (attached?.kind === 'open') this.note(socket, { unproven });
    else if (attached !== undefined) this.#write(socket, { ...attached, unproven });
  }

  /** Returns all sockets whose clients may still be there, with those that the relay has closed. */
  sockets(): S[] {
    return this.#store.getWebSockets();
  }

  /** Returns the sockets that hold a session. */
  all(): S[] {
    return this.#store.getWebSockets().filter((socket) => this.isOpen(socket));
  }

  /** Returns whether a socket holds a session. */
  isOpen(socket: S): boolean {
    return socket.readyState === OPEN && this.sessionOf(socket) !== undefined;
  }

  /**
   * Notes the end of a socket. Returns its session if that was its last connection.
   * @param code of the client's close frame; 1006 without a close frame
   */
  ended(socket: S, code: number): SessionEnd | undefined {
    const attached = this.#read(socket);
    if (attached?.kind === 'open') {
      const { sid } = attached.session;
      this.#mark(socket, { kind: 'closed' });
      return this.has(sid) ? undefined : { sid, wasDismissed: false };
    }
    // An answer has the relay's code. A client that was closing by itself sends another code, and is no rival.
    if (attached?.lost !== undefined && code === CLOSE.takenOver.code)
      this.#answered(attached.lost.sid, attached.lost.at);
    for (const [sid, dismissed] of this.#dismissed) {
      if (dismissed !== socket) continue;
      this.#dismissed.delete(sid);
      return { sid, wasDismissed: true };
    }
    return undefined;
  }

  /** Notes on the current socket that the connection which lost the session at `at` was alive. */
  #answered(sid: string | undefined, at: number): void {
    const holder = this.#find(sid);
    const open = holder && this.#openOn(holder);
    if (holder && open) this.#write(holder, { ...open, rivalry: afterAnswer(open.rivalry, at) });
  }

  #close(socket: S, { code, reason }: SessionClose, mark: ClosedAttachment): void {
    const unproven = this.unprovenOn(socket);
    this.#mark(socket, unproven === undefined ? mark : { ...mark, unproven });
    socket.close(code, reason);
  }

  /** Marks that a socket holds no session any more. */
  #mark(socket: S, mark: ClosedAttachment): void {
    const session = this.sessionOf(socket);
    if (session !== undefined) {
      this.#leaves(socket);
      if (this.#open.get(session.sid) === socket) this.#open.delete(session.sid);
    }
    this.#write(socket, mark);
  }

  #write(socket: S, attached: Attached): void {
    this.#known.set(socket, attached);
    socket.serializeAttachment(writeAttachment(attached));
  }

  #openOn(socket: S): OpenAttachment | undefined {
    const attached = this.#read(socket);
    return attached?.kind === 'open' ? attached : undefined;
  }

  #read(socket: S): Attached | undefined {
    const known = this.#known.get(socket);
    if (known !== undefined) return known;
    const attached = readAttachment(socket.deserializeAttachment());
    if (attached !== undefined) this.#known.set(socket, attached);
    return attached;
  }

  #find(sid: string | undefined): S | undefined {
    const known = this.#open.get(sid);
    if (known?.readyState === OPEN) return known;
    const [live] = this.#live(sid);
    if (live === undefined) this.#open.delete(sid);
    else this.#open.set(sid, live);
    return live;
  }

  #live(sid: string | undefined): S[] {
    return this.#store.getWebSockets(tagOf(sid)).filter((socket) => this.isOpen(socket));
  }
}
