import type { Handover, Sent } from '../ports.ts';

/** An envelope that a plain relay was given: its relay says no more. @param relay host[:port] */
export function handed(relay: string | undefined): Handover {
  return { sent: 'sent', custody: Promise.resolve({ outcome: 'handed', relay }) };
}

/** An envelope that did not leave. */
export function unsent(why: Exclude<Sent, 'sent'>): Handover {
  return { sent: why, custody: Promise.resolve({ outcome: why, relay: undefined }) };
}

/** Returns the handover of an outcome. */
export function handoverOf(sent: Sent): Handover {
  return sent === 'sent' ? handed(undefined) : unsent(sent);
}
