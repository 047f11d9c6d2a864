import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlnopad } from '@scure/base';
import type { SessionClose } from '../../proto/session-close.ts';
import { type Attached, type Notes, type Open, readAttachment, type Session, writeAttachment } from './attachment.ts';
import { CLOSE } from './close.ts';
import { afterAnswer, isDuelAt, NO_RIVAL, takesOver } from './rivalry.ts';

const OPEN = 1;
/** A program that opens ever new sids would otherwise fill its object; each costs the platform some memory. */
export const MAX_SESSIONS = 1000;

/** The part of a hibernating WebSocket that sessions need. */
export interface Socket {
  readonly readyState: number;
  send(bytes: Uint8Array): void;
  close(code: number, reason: string): void;
  serializeAttachment(attachment: unknown): void;
  deserializeAttachment(): unknown;
}

/** The part of a Durable Object's state that keeps its sockets while it sleeps. */
export interface SocketStore<S extends Socket> {
  acceptWebSocket(socket: S, tags: string[]): void;
  getWebSockets(tag?: string): S[];
}

/**
 * What became of a new connection: its session is `new`; it `replaced` an older one; it was `contested`, taken and
 * closed at once with the reason; or the twin is `full` and the connection was not taken.
 */
export type Acceptance = 'new' | 'replaced' | 'contested' | 'full';

/** A session that has no connection any more. */
export interface End {
  readonly sid: string | undefined;
  /** The relay closed the socket for what it sent; only now its client is gone. */
  readonly wasDismissed: boolean;
}

/** The tag under which the platform finds a session's sockets; a raw sid may exceed its 256 characters. */
export function tagOf(sid: string | undefined): string {
  return sid === undefined ? 'n' : `s${base64urlnopad.encode(sha256(utf8ToBytes(sid)))}`;
}

/**
 * The sockets of one twin by sid. The maps are caches: what counts is on the sockets. A socket that lost its session
 * carries the mark `closed` from before its close: `readyState` calls it open again after two sleeps.
 */
export class Sessions<S extends Socket> {
  readonly #store: SocketStore<S>;
  readonly #leaves: (socket: S) => void;
  readonly #open = new Map<string | undefined, S>();
  /** What each socket carries, read once: a frame is too short to parse it every time. */
  readonly #known = new WeakMap<S, Attached>();
  /** The last connection of a session, closed for what it sent, until its client is gone or another connects. */
  readonly #dismissed = new Map<string | undefined, S>();

  /** @param leaves called before a socket's notes go: the last moment to take them over */
  constructor(store: SocketStore<S>, leaves: (socket: S) => void) {
    this.#store = store;
    this.#leaves = leaves;
  }

  /**
   * Takes a new connection in. The newer one of a session wins at once; only in the pause of a duel it is closed
   * instead, with a code that says why.
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

  /** Whether the session is connected here. */
  has(sid: string | undefined): boolean {
    return this.#find(sid) !== undefined;
  }

  /**
   * How to hand bytes to the session's socket; undefined when there is none. It is good for this turn of the event
   * loop, in which no socket's state changes: to ask for that costs as much as to send.
   */
  sender(sid: string | undefined): ((bytes: Uint8Array) => boolean) | undefined {
    const socket = this.#find(sid);
    if (socket === undefined) return undefined;
    return (bytes) => {
      try {
        socket.send(bytes);
        return true;
      } catch {
        // The socket closed between the look at its state and the write; its close event is on the way.
        this.#open.delete(sid);
        return false;
      }
    };
  }

  /** Whether what comes from this socket counts: it holds its session, and we have not closed it. */
  hears(socket: S): boolean {
    const session = this.sessionOf(socket);
    if (session === undefined) return false;
    if (this.#open.get(session.sid) === socket) return true;
    const isOpen = this.isOpen(socket);
    if (isOpen) this.#open.set(session.sid, socket);
    return isOpen;
  }

  /** Closes a session's socket for what it sent. */
  dismiss(socket: S, why: SessionClose): void {
    const session = this.sessionOf(socket);
    if (session === undefined) return;
    this.#dismissed.set(session.sid, socket);
    this.#close(socket, why, { kind: 'closed' });
  }

  /** Closes the sockets whose attachment this code cannot read; returns how many. Their clients connect again. */
  dismissUnreadable(): number {
    const unreadable = this.#store.getWebSockets().filter((socket) => this.#read(socket) === undefined);
    for (const socket of unreadable) this.#close(socket, CLOSE.unreadable, { kind: 'closed' });
    return unreadable.length;
  }

  /** The session that a socket holds; undefined when it holds none. */
  sessionOf(socket: S): Session | undefined {
    return this.#openOn(socket)?.session;
  }

  /** What a socket carries beside its session. */
  notesOn(socket: S): Notes {
    return this.#openOn(socket)?.notes ?? {};
  }

  /** Writes on a socket what a sleep must not forget; what is not named stays. */
  note(socket: S, notes: Notes): void {
    const open = this.#openOn(socket);
    if (open !== undefined) this.#write(socket, { ...open, notes: { ...open.notes, ...notes } });
  }

  /** The sockets that hold a session. */
  all(): S[] {
    return this.#store.getWebSockets().filter((socket) => this.isOpen(socket));
  }

  /** Whether a socket holds a session. */
  isOpen(socket: S): boolean {
    return socket.readyState === OPEN && this.sessionOf(socket) !== undefined;
  }

  /**
   * Takes note of a socket's end; returns its session if that has no connection any more.
   * @param code of the client's close frame; 1006 if none came
   */
  ended(socket: S, code: number): End | undefined {
    const attached = this.#read(socket);
    if (attached?.kind === 'open') {
      const { sid } = attached.session;
      this.#mark(socket, { kind: 'closed' });
      return this.has(sid) ? undefined : { sid, wasDismissed: false };
    }
    // An answer carries our code. A client that was leaving by itself sends its own code, and is no rival.
    if (attached?.lost !== undefined && code === CLOSE.takenOver.code)
      this.#answered(attached.lost.sid, attached.lost.at);
    for (const [sid, dismissed] of this.#dismissed) {
      if (dismissed !== socket) continue;
      this.#dismissed.delete(sid);
      return { sid, wasDismissed: true };
    }
    return undefined;
  }

  /** The connection that lost a session at `at` was alive: its successor carries that. */
  #answered(sid: string | undefined, at: number): void {
    const holder = this.#find(sid);
    const open = holder && this.#openOn(holder);
    if (holder && open) this.#write(holder, { ...open, rivalry: afterAnswer(open.rivalry, at) });
  }

  #close(socket: S, { code, reason }: SessionClose, mark: Attached): void {
    this.#mark(socket, mark);
    socket.close(code, reason);
  }

  /** From now on the socket is no session. */
  #mark(socket: S, mark: Attached): void {
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

  #openOn(socket: S): Open | undefined {
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
