import { z } from 'zod';
import type { Counts } from '../stats/counts.ts';
import type { RateWindow } from './rate-window.ts';
import type { Rivalry } from './rivalry.ts';

const count = z.number().int().nonnegative();

// Version 1. New fields are optional, so that code of either side of a deploy reads what the other wrote.
const openSchema = z.object({
  v: z.literal(1),
  twin: count,
  sid: z.string().optional(),
  host: z.string(),
  switchedAt: z.number(),
  isDuel: z.boolean().optional(),
  sent: z.object({ minute: count, messages: count, bytes: count }).optional(),
  counts: z.record(z.string(), z.number()).optional(),
  toldAt: z.number().optional(),
});

const closedSchema = z.object({
  v: z.literal(1),
  closed: z.literal(true),
  sid: z.string().optional(),
  switchedAt: z.number().optional(),
});

/** A session, as its socket carries it through a sleep. `host` is the host[:port] by which the client reached us. */
export interface Session {
  readonly twin: number;
  readonly sid?: string | undefined;
  readonly host: string;
}

/** What else a socket carries through a sleep. */
export interface Notes {
  /** What it has sent of its twin's limit. */
  readonly sent?: RateWindow | undefined;
  /** What its twin's object has counted and not handed over yet; on one of its sockets. */
  readonly counts?: Counts | undefined;
  /** When its twin's object last said how the twin stands (Unix ms); on one of its sockets at least. */
  readonly toldAt?: number | undefined;
}

/** The attachment of a socket that holds a session. */
export interface Open {
  readonly kind: 'open';
  readonly session: Session;
  readonly rivalry: Rivalry;
  readonly notes: Notes;
}

/** The session that a socket lost to a newer connection, and when (Unix ms). */
interface Switch {
  readonly sid?: string | undefined;
  readonly at: number;
}

/**
 * The attachment of a socket that is no session any more. After two sleeps the platform calls such a socket open again
 * when its client never answered the close: only this mark tells.
 */
interface Closed {
  readonly kind: 'closed';
  /** Present if a newer connection took the session. */
  readonly lost?: Switch | undefined;
}

export type Attached = Open | Closed;

/** Returns what `serializeAttachment` is given; an absent sid stays absent. */
export function writeAttachment(attached: Attached): z.infer<typeof openSchema> | z.infer<typeof closedSchema> {
  if (attached.kind === 'closed') {
    const { lost } = attached;
    return { v: 1, closed: true, ...(lost && { sid: lost.sid, switchedAt: lost.at }) };
  }
  const { session, rivalry, notes } = attached;
  const { sent, counts, toldAt } = notes;
  return {
    v: 1,
    ...session,
    ...rivalry,
    ...(sent && { sent }),
    ...(counts && { counts }),
    ...(toldAt !== undefined && { toldAt }),
  };
}

/** Returns what a socket carries; undefined if this code cannot read it. */
export function readAttachment(attachment: unknown): Attached | undefined {
  const open = openSchema.safeParse(attachment);
  if (open.success) {
    const { twin, sid, host, switchedAt, isDuel = false, sent, counts, toldAt } = open.data;
    const notes = { sent, counts, toldAt };
    return { kind: 'open', session: { twin, sid, host }, rivalry: { switchedAt, isDuel }, notes };
  }
  const closed = closedSchema.safeParse(attachment);
  if (!closed.success) return undefined;
  const { sid, switchedAt } = closed.data;
  return { kind: 'closed', ...(switchedAt !== undefined && { lost: { sid, at: switchedAt } }) };
}
