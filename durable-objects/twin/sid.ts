/** A sid longer than this is no session's: it must fit an attachment (and nobody needs more). */
export const MAX_SID_BYTES = 1024;

/** Whether a session may have this sid; undefined is the session without one. */
export function isSid(sid: string | undefined): boolean {
  // A character is at least a byte, so that what is far too long is not encoded to find out.
  if (sid === undefined || sid.length * 3 <= MAX_SID_BYTES) return true;
  return sid.length <= MAX_SID_BYTES && new TextEncoder().encode(sid).length <= MAX_SID_BYTES;
}
