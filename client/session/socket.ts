/** Why a WebSocket ended. */
export interface Loss {
  /** Close code; 1006 without a close handshake. */
  readonly code: number;
  /** For people; may quote the other side. */
  readonly detail: string;
  /** Short cause that quotes nobody: `HTTP 404`, `ECONNREFUSED`. */
  readonly cause?: string;
  /** Whether no server answered. Only Node sees the difference to a refusal. */
  readonly isUnreached?: boolean;
  /** Whether the relay was asked why it took no session, and `detail` is its answer. Only hosts that hide refusals ask. */
  readonly isExplained?: boolean;
}

/** Events of a WebSocket. */
export interface SocketPort {
  onOpen(): void;
  /** Binary messages come as bytes, text messages as text. */
  onMessage(message: Uint8Array | string): void;
  /** Any sign of life: a message, a ping or a pong. */
  onHeard?(): void;
  /** The server's time as HTTP writes it, and this machine's Unix ms of the request. Only Node sees it in each answer. */
  onDate?(date: string, askedAt: number): void;
  /** Called once, whatever ends the socket. */
  onLost(loss: Loss): void;
}

/** One WebSocket. */
export interface Socket {
  /** Bytes given to the socket that the network has not taken yet. */
  readonly unsent: number;
  /** Resolves with whether the message was handed over; false after the socket broke. */
  send(message: Uint8Array | string): Promise<boolean>;
  /** Sends a ping frame. Absent where the host has none: browsers and workerd. */
  ping?(): void;
  /** Calls back at the end of this turn of the event loop. Absent where the host has nothing for it. */
  afterTurn?(run: () => void): void;
  /** Reads nothing until `resume`. */
  pause(): void;
  resume(): void;
  /** Starts the close handshake. */
  close(code: number, reason?: string): void;
  /** Ends the socket without a handshake. */
  terminate(): void;
}

/** Limits of a socket. */
interface DialOptions {
  /** Largest message that the other side may send, bytes. */
  readonly maxBytes?: number;
  /** Whether a relay is asked why, if it takes no session and the host hides the answer; false when absent. */
  readonly asksWhy?: boolean;
}

/** Opens a WebSocket. Each failure ends in `onLost`. Throws when the URL is invalid. */
export type Dial = (url: string, port: SocketPort, options?: DialOptions) => Socket;

/** Largest frame of a relay, bytes. */
export const MAX_FRAME_BYTES = 32 * 2 ** 20;
/** Limit for the handshake, ms. */
export const CONNECT_MS = 10_000;
/**
 * After a close frame the other side has this long to end the connection, ms. A local workerd ends it only when its
 * object sleeps: a client that waited would be away for 10 s.
 */
export const CLOSE_MS = 2_000;
/** Close code of a socket that ended without a handshake. */
export const TORN_CODE = 1006;
