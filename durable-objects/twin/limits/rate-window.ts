/** Messages and bytes that were sent in one whole minute of the clock. */
export interface RateWindow {
  /** Minutes since 1970. */
  readonly minute: number;
  readonly messages: number;
  readonly bytes: number;
}

/** The most that may be sent in a minute; 0 is no limit. */
export interface RateLimit {
  readonly messages: number;
  readonly bytes: number;
}

/** Returns the minute of a time in Unix ms. */
export function minuteOf(now: number): number {
  return Math.floor(now / 60_000);
}

/** Returns whether anything is limited at all. */
export function isLimited(limit: RateLimit): boolean {
  return limit.messages > 0 || limit.bytes > 0;
}

/** Adds to the window of `minute`. A window of an earlier minute starts again. */
export function add(window: RateWindow | undefined, minute: number, messages: number, bytes: number): RateWindow {
  if (window?.minute !== minute) return { minute, messages, bytes };
  return { minute, messages: window.messages + messages, bytes: window.bytes + bytes };
}

/** Returns whether more was sent than the limit admits. */
export function exceeds(window: RateWindow, limit: RateLimit): boolean {
  return (limit.messages > 0 && window.messages > limit.messages) || (limit.bytes > 0 && window.bytes > limit.bytes);
}
