import { z } from 'zod';
import type { Counts } from '../../stats/counts.ts';
import type { UnprovenNote } from '../back-pressure/ledger.ts';
import type { RateWindow } from '../limits/rate-window.ts';
import type { Rivalry } from './rivalry.ts';

const count = z.number().int().nonnegative();
const unprovenSchema = z.object({
  bytes: count,
  fullAt: z.number().optional(),
  heldAt: z.number().optional(),
  answeredAt: z.number().optional(),
});

// Version 1. New fields are optional, so that older and newer code read each other's attachments during a deploy. Older
// code drops a field that it does not know. A field without which a session would be served wrongly needs a new version:
// a session in another version of custody, for example.
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
  unproven: unprovenSchema.optional(),
  custody: z.object({ connection: count }).optional(),
});

const closedSchema = z.object({
  v: z.literal(1),
  closed: z.literal(true),
  sid: z.string().optional(),
  switchedAt: z.number().optional(),
  unproven: unprovenSchema.optional(),
});

/** A session, as its socket carries it through a sleep. `host` is the host[:port] by which the client connected. */
export interface Session {
  readonly twin: number;
  readonly sid?: string | undefined;
  readonly host: string;
  /** Present in a custody session. */
  readonly custody?: CustodyNote | undefined;
}

/** A custody session, as its socket carries it through a sleep. */
export interface CustodyNote {
  /** The number of its connection, by which receipts find it. */
  readonly connection: number;
}

/** Further state of a socket that outlives a sleep. */
export interface Notes {
  /** Its share of the twin's rate limit. */
  readonly sent?: RateWindow | undefined;
  /** The unreported counts of the twin's object, on one of its sockets. */
  readonly counts?: Counts | undefined;
  /** When the twin's object last reported its gauges (Unix ms), on at least one of its sockets. */
  readonly toldAt?: number | undefined;
  /** The bytes that it was given since its client was heard. */
  readonly unproven?: UnprovenNote | undefined;
}

/** The attachment of a socket that holds a session. */
export interface OpenAttachment {
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
 * The attachment of a socket that lost its session. If its client never answers the close, the platform calls the socket
 * open again after two sleeps: only this mark shows that it is not.
 */
export interface ClosedAttachment {
  readonly kind: 'closed';
  /** Present if a newer connection took the session. */
  readonly lost?: Switch | undefined;
  /** Bytes that its client may not have read. They stay in memory until the client is gone. */
  readonly unproven?: UnprovenNote | undefined;
}

/** The state that a socket carries through a sleep. */
export type Attached = OpenAttachment | ClosedAttachment;

/** Returns the value for `serializeAttachment`. An absent sid stays absent. */
export function writeAttachment(attached: Attached): z.infer<typeof openSchema> | z.infer<typeof closedSchema> {
  if (attached.kind === 'closed') {
    const { lost, unproven } = attached;
    return { v: 1, closed: true, ...(lost && { sid: lost.sid, switchedAt: lost.at }), ...(unproven && { unproven }) };
  }
  const { session, rivalry, notes } = attached;
  const { sent, counts, toldAt, unproven } = notes;
  return {
    v: 1,
    ...session,
    ...rivalry,
    ...(sent && { sent }),
    ...(counts && { counts }),
    ...(toldAt !== undefined && { toldAt }),
    ...(unproven && { unproven }),
  };
}

/** Parses an attachment; undefined if this code cannot read it. */
export function readAttachment(attachment: unknown): Attached | undefined {
  const open = openSchema.safeParse(attachment);
  if (open.success) {
    const { twin, sid, host, switchedAt, isDuel = false, sent, counts, toldAt, unproven, custody } = open.data;
    const notes = { sent, counts, toldAt, unproven };
    return {
      kind: 'open',
      session: { twin, sid, host, ...(custody && { custody }) },
      rivalry: { switchedAt, isDuel },
      notes,
    };
  }
  const closed = closedSchema.safeParse(attachment);
  if (!closed.success) return undefined;
  const { sid, switchedAt, unproven } = closed.data;
  return {
    kind: 'closed',
    ...(switchedAt !== undefined && { lost: { sid, at: switchedAt } }),
    ...(unproven && { unproven }),
  };
}
