import type { Backlog } from '../proto/backlog.ts';
import type { CommandEntry, ReplyEntry } from './messages.ts';

/** The programs' side of the core: where entries go, and what is remembered of requests. */
export interface Programs {
  deliverCommand(entry: CommandEntry): Promise<void>;
  deliverReply(queue: string, entry: ReplyEntry): Promise<void>;
  /** Remembers a request until its time is over. */
  saveBacklog(backlog: Backlog): Promise<void>;
  findBacklog(uid: string): Promise<Backlog | undefined>;
}

/** The relays' side of the core. */
export interface Uplink {
  /** Hands an envelope to a relay; false when none took it until `deadline` (Unix ms). */
  send(bytes: Uint8Array, deadline: number): Promise<boolean>;
}

/** What the core says about its work. Nothing in `fields` is ever a secret, a token or a payload. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
