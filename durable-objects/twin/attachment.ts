import { z } from 'zod';
import type { RateWindow } from './rate-window.ts';

/** A sid longer than this is refused at the door: it must fit an attachment (and nobody needs more). */
export const MAX_SID_BYTES = 1024;

const count = z.number().int().nonnegative();

const schema = z.object({
  v: z.literal(1),
  twin: count,
  sid: z.string().optional(),
  host: z.string(),
  switchedAt: z.number(),
  sent: z.object({ minute: count, messages: count, bytes: count }).optional(),
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

/** What `serializeAttachment` is given; an absent sid stays absent. @param sent its share of its twin's limit */
export function writeAttachment(session: Session, sent?: RateWindow): z.infer<typeof schema> {
  return { v: 1, ...session, ...(sent === undefined ? {} : { sent }) };
}

/** The session of a socket, and what it has sent; undefined when the socket is none of ours. */
export function readAttachment(
  attachment: unknown,
): { readonly session: Session; readonly sent: RateWindow | undefined } | undefined {
  const parsed = schema.safeParse(attachment);
  if (!parsed.success) return undefined;
  const { twin, sid, host, switchedAt, sent } = parsed.data;
  return { session: { twin, sid, host, switchedAt }, sent };
}
