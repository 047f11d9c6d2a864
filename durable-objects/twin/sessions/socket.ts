import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlnopad } from '@scure/base';

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

/** Returns the tag of a session's sockets. A raw sid may exceed the platform's 256 characters. */
export function tagOf(sid: string | undefined): string {
  return sid === undefined ? 'n' : `s${base64urlnopad.encode(sha256(utf8ToBytes(sid)))}`;
}
