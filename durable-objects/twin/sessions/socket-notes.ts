import type { Notes } from './attachment.ts';

/** The sockets of a twin, and the notes on each that outlive a sleep. */
export interface SocketNotes<S> {
  /** Returns the sockets that hold a session. */
  all(): readonly S[];
  /** Returns whether a socket holds a session. */
  isOpen(socket: S): boolean;
  /** Returns the notes on a socket; none if it holds no session. */
  notesOn(socket: S): Notes;
  /** Writes notes on a socket. Notes that are not named stay. */
  note(socket: S, notes: Notes): void;
}
