import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlnopad } from '@scure/base';
import { type Attached, type Notes, readAttachment, type Session, writeAttachment } from './attachment.ts';
import { CLOSE } from './close.ts';

const OPEN = 1;
/** A program that opens ever new sids would otherwise fill its object; each costs the platform some memory. */
export const MAX_SESSIONS = 1000;
/** Two programs that fight over one session would otherwise throw each other out without end. */
const SWITCH_PAUSE_MS = 10_000;

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
 * What became of a new connection: its session is `new`; it `replaced` an elder one; it was `contested`, taken and
 * closed at once with the reason; or the twin is `full` and the connection was not taken.
 */
export type Acceptance = 'new' | 'replaced' | 'contested' | 'full';

/** The tag under which the platform finds a session's sockets; a raw sid may exceed its 256 characters. */
export function tagOf(sid: string | undefined): string {
  return sid === undefined ? 'n' : `s${base64urlnopad.encode(sha256(utf8ToBytes(sid)))}`;
}

/** The sockets of one twin by sid. The map is a cache: what counts is on the sockets. */
export class Sessions<S extends Socket> {
  readonly #store: SocketStore<S>;
  readonly #open = new Map<string | undefined, S>();
  /** What stands on each socket, read once: a frame is too short to parse it every time. */
  readonly #known = new WeakMap<S, Attached>();

  constructor(store: SocketStore<S>) {
    this.#store = store;
  }

  /**
   * Takes a new connection in; the newer one of a session wins at once. Only when the session changed
   * hands less than 10 s ago the newcomer is closed instead, with a code that says why.
   * @param now Unix ms
   */
  accept(socket: S, session: Omit<Session, 'switchedAt'>, now: number): Acceptance {
    const elders = this.#live(session.sid);
    if (elders.length === 0 && this.all().length >= MAX_SESSIONS) return 'full';
    const contested = elders.some((elder) => now - (this.sessionOf(elder)?.switchedAt ?? 0) < SWITCH_PAUSE_MS);
    // A loser is accepted without a tag: closing it tells the program why, and nothing ever finds it.
    this.#store.acceptWebSocket(socket, contested ? [] : [tagOf(session.sid)]);
    if (contested) {
      socket.close(CLOSE.contested.code, CLOSE.contested.reason);
      return 'contested';
    }
    socket.serializeAttachment(writeAttachment({ ...session, switchedAt: elders.length > 0 ? now : 0 }));
    for (const elder of elders) elder.close(CLOSE.replaced.code, CLOSE.replaced.reason);
    this.#open.set(session.sid, socket);
    return elders.length > 0 ? 'replaced' : 'new';
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
  dismiss(socket: S, { code, reason }: { readonly code: number; readonly reason: string }): void {
    const session = this.sessionOf(socket);
    if (session !== undefined && this.#open.get(session.sid) === socket) this.#open.delete(session.sid);
    socket.close(code, reason);
  }

  /** The session that stands on a socket; undefined when the socket is none of ours. */
  sessionOf(socket: S): Session | undefined {
    return this.#read(socket)?.session;
  }

  /** What stands on a socket beside its session. */
  notesOn(socket: S): Notes {
    return this.#read(socket)?.notes ?? {};
  }

  /** Writes on a socket what a sleep must not forget; what is not named stays. */
  note(socket: S, notes: Notes): void {
    const attached = this.#read(socket);
    if (attached === undefined) return;
    const next = { session: attached.session, notes: { ...attached.notes, ...notes } };
    this.#known.set(socket, next);
    socket.serializeAttachment(writeAttachment(next.session, next.notes));
  }

  /** The sockets that hold a session. */
  all(): S[] {
    return this.#store.getWebSockets().filter((socket) => this.isOpen(socket));
  }

  /** Whether a socket holds a session. */
  isOpen(socket: S): boolean {
    return socket.readyState === OPEN && this.sessionOf(socket) !== undefined;
  }

  /** Forgets a socket that closed; answers its session when that has no connection any more. */
  forget(socket: S): Session | undefined {
    const session = this.sessionOf(socket);
    if (session === undefined) return undefined;
    if (this.#open.get(session.sid) === socket) this.#open.delete(session.sid);
    return this.has(session.sid) ? undefined : session;
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
