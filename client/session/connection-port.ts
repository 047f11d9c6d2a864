import type { CustodyReports } from '../custody/session.ts';
import type { FrameEnd, Log, PartState, SentEnvelope } from '../ports.ts';
import type { Dial } from './socket.ts';

/** Parts of a connection, and its reports. */
export interface ConnectionPort {
  readonly dial: Dial;
  /** Returns a fresh token for each attempt. */
  token(): Promise<string>;
  /** Returns an envelope that the relay answers at once: a sign of life where the host has no ping frames. */
  pingEnvelope(): Uint8Array;
  onState(state: PartState): void;
  /** The relay's Date, and this machine's Unix ms of the request. */
  onDate(date: string, askedAt: number): void;
  /** Resolves when the frame has been processed; never rejects. */
  onFrame(frame: Uint8Array): Promise<FrameEnd | undefined>;
  /** A plain session’s socket ended. @param isTorn without a close frame */
  onEnded?(isTorn: boolean): void;
  /** Absent: the token offers no custody, and every session is a plain one. */
  readonly custody?: CustodyReports;
  /** The relay closed the connection because of this envelope's size; `limit` is what it takes, if it says so (bytes). */
  onTooLarge(envelope: SentEnvelope, limit: number | undefined): void;
  readonly log: Log;
}
