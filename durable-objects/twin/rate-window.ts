/** What was sent in one whole minute of the clock. */
export interface RateWindow {
  /** Minutes since 1970. */
  readonly minute: number;
  readonly messages: number;
  readonly bytes: number;
}

/** What may be sent in a minute; 0 is no limit. */
export interface RateLimit {
  readonly messages: number;
  readonly bytes: number;
}

/** The minute of a time in Unix ms. */
export function minuteOf(now: number): number {
  return Math.floor(now / 60_000);
}

/** Whether anything is limited at all. */
export function isLimited(limit: RateLimit): boolean {
  return limit.messages > 0 || limit.bytes > 0;
}

/** Counts what was sent in `minute` on; what an earlier minute held is over. */
export function add(window: RateWindow | undefined, minute: number, messages: number, bytes: number): RateWindow {
  if (window?.minute !== minute) return { minute, messages, bytes };
  return { minute, messages: window.messages + messages, bytes: window.bytes + bytes };
}

/** Whether more was sent than the limit lets through. */
export function exceeds(window: RateWindow, limit: RateLimit): boolean {
  return (limit.messages > 0 && window.messages > limit.messages) || (limit.bytes > 0 && window.bytes > limit.bytes);
}
