import { z } from 'zod';

/** A sid longer than this is refused at the door: it must fit an attachment (and nobody needs more). */
export const MAX_SID_BYTES = 1024;

const schema = z.object({
  v: z.literal(1),
  twin: z.number().int().nonnegative(),
  sid: z.string().optional(),
  host: z.string(),
  switchedAt: z.number(),
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

/** What `serializeAttachment` is given; an absent sid stays absent. */
export function writeAttachment(session: Session): z.infer<typeof schema> {
  return { v: 1, ...session };
}

/** The session of a socket; undefined when the socket is none of ours. */
export function readAttachment(attachment: unknown): Session | undefined {
  const parsed = schema.safeParse(attachment);
  if (!parsed.success) return undefined;
  const { twin, sid, host, switchedAt } = parsed.data;
  return { twin, sid, host, switchedAt };
}
