import type { Presence } from '../../../client/presence.ts';

const STATES: Record<Presence['state'], string> = {
  connected: 'connected',
  away: 'not connected here',
  unknown: 'the chain knows no such twin',
  unavailable: 'the relay cannot tell now',
};

/** Returns a twin's presence as a line for people. @param now Unix ms */
export function presenceLine({ twin, state, relay, waiting, seenAt }: Presence, now: number): string {
  const seen = seenAt === undefined || state === 'connected' ? '' : `, last seen ${ago(now - seenAt.getTime())} ago`;
  const mail = waiting === 0 ? '' : `, ${waiting} ${waiting === 1 ? 'message waits' : 'messages wait'}`;
  return `twin ${twin}: ${STATES[state]}${seen}${mail} (${relay})`;
}

/** Returns a twin's presence for programs. */
export function presenceJson({ twin, state, relay, waiting, seenAt }: Presence): object {
  return { twin, state, relay, waiting, ...(seenAt === undefined ? {} : { seenAt: seenAt.toISOString() }) };
}

/** @param ms since the event; a clock may differ from the relay's */
function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
