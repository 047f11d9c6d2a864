import { z } from 'zod';
import type { Counts } from '../stats/counts.ts';
import type { RateWindow } from './rate-window.ts';

const count = z.number().int().nonnegative();

const schema = z.object({
  v: z.literal(1),
  twin: count,
  sid: z.string().optional(),
  host: z.string(),
  switchedAt: z.number(),
  sent: z.object({ minute: count, messages: count, bytes: count }).optional(),
  counts: z.record(z.string(), z.number()).optional(),
});

/**
 * A session, as it stands on its socket: all that must outlive the object's sleep.
 * `host` is the host[:port] by which the client reached us; `switchedAt` (Unix ms) when this connection
 * took the session over from another one, 0 when it took nobody's place.
 */
export interface Session {
  readonly twin: number;
  readonly sid?: string | undefined;
  readonly host: string;
  readonly switchedAt: number;
}

/** What else stands on a socket so that a sleep does not forget it. */
export interface Notes {
  /** What it has sent of its twin's limit. */
  readonly sent?: RateWindow | undefined;
  /** What its twin's object has counted and not handed over yet; on one of its sockets. */
  readonly counts?: Counts | undefined;
}

/** All that stands on a socket. */
export interface Attached {
  readonly session: Session;
  readonly notes: Notes;
}

/** What `serializeAttachment` is given; an absent sid stays absent. */
export function writeAttachment(session: Session, { sent, counts }: Notes = {}): z.infer<typeof schema> {
  return { v: 1, ...session, ...(sent === undefined ? {} : { sent }), ...(counts === undefined ? {} : { counts }) };
}

/** The session of a socket, and what else stands on it; undefined when the socket is none of ours. */
export function readAttachment(attachment: unknown): Attached | undefined {
  const parsed = schema.safeParse(attachment);
  if (!parsed.success) return undefined;
  const { twin, sid, host, switchedAt, sent, counts } = parsed.data;
  return { session: { twin, sid, host, switchedAt }, notes: { sent, counts } };
}
