/** The longest sid: it must fit an attachment. */
export const MAX_SID_BYTES = 1024;

/** Returns whether a session may have this sid. Undefined: the session without a sid. */
export function isSid(sid: string | undefined): boolean {
  // A character takes at least a byte, so a very long sid is not encoded.
  if (sid === undefined || sid.length * 3 <= MAX_SID_BYTES) return true;
  return sid.length <= MAX_SID_BYTES && new TextEncoder().encode(sid).length <= MAX_SID_BYTES;
}
