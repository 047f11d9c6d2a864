import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlnopad } from '@scure/base';
import { readAttachment, type Session, writeAttachment } from './attachment.ts';
import { CLOSE } from './close.ts';

const OPEN = 1;
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
  getWebSockets(tag: string): S[];
}

/** The tag under which the platform finds a session's sockets; a raw sid may exceed its 256 characters. */
export function tagOf(sid: string | undefined): string {
  return sid === undefined ? 'n' : `s${base64urlnopad.encode(sha256(utf8ToBytes(sid)))}`;
}

/** The sockets of one twin by sid. The map is a cache: what counts is on the sockets. */
export class Sessions<S extends Socket> {
  readonly #store: SocketStore<S>;
  readonly #open = new Map<string | undefined, S>();
  /** What stands on each socket, read once: a frame is too short to parse it every time. */
  readonly #known = new WeakMap<S, Session>();

  constructor(store: SocketStore<S>) {
    this.#store = store;
  }

  /**
   * Takes a new connection in; the newer one of a session wins at once. Only when the session changed
   * hands less than 10 s ago the newcomer is closed instead, with a code that says why.
   * @param now Unix ms
   * @returns whether the newcomer holds the session now
   */
  accept(socket: S, session: Omit<Session, 'switchedAt'>, now: number): boolean {
    const elders = this.#live(session.sid);
    const contested = elders.some((elder) => now - (this.sessionOf(elder)?.switchedAt ?? 0) < SWITCH_PAUSE_MS);
    // A loser is accepted without a tag: closing it tells the program why, and nothing ever finds it.
    this.#store.acceptWebSocket(socket, contested ? [] : [tagOf(session.sid)]);
    if (contested) {
      socket.close(CLOSE.contested.code, CLOSE.contested.reason);
      return false;
    }
    socket.serializeAttachment(writeAttachment({ ...session, switchedAt: elders.length > 0 ? now : 0 }));
    for (const elder of elders) elder.close(CLOSE.replaced.code, CLOSE.replaced.reason);
    this.#open.set(session.sid, socket);
    return true;
  }

  /** Whether the session is connected here. */
  has(sid: string | undefined): boolean {
    return this.#find(sid) !== undefined;
  }

  /** Hands bytes to the session's socket; false when there is none, or it has just gone. */
  send(sid: string | undefined, bytes: Uint8Array): boolean {
    const socket = this.#find(sid);
    if (socket === undefined) return false;
    try {
      socket.send(bytes);
      return true;
    } catch {
      // The socket closed between the look at its state and the write; its close event is on the way.
      this.#open.delete(sid);
      return false;
    }
  }

  /** The session that stands on a socket; undefined when the socket is none of ours. */
  sessionOf(socket: S): Session | undefined {
    const known = this.#known.get(socket);
    if (known !== undefined) return known;
    const session = readAttachment(socket.deserializeAttachment());
    if (session !== undefined) this.#known.set(socket, session);
    return session;
  }

  /** Forgets a socket that closed. */
  forget(socket: S): void {
    const session = this.sessionOf(socket);
    if (session !== undefined && this.#open.get(session.sid) === socket) this.#open.delete(session.sid);
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
    return this.#store
      .getWebSockets(tagOf(sid))
      .filter((socket) => socket.readyState === OPEN && this.sessionOf(socket));
  }
}
