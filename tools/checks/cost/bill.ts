import { type Figures, IDLE, WATCHER } from './figures.ts';
import { FRAMES_A_REQUEST, gbSeconds, type Units } from './prices.ts';

/** Assumed waits of an object for another object, and for another relay's answer (ms). */
export interface Distance {
  readonly call: number;
  readonly post: number;
}

/** Twins in one region, and on two continents. */
export const NEAR: Distance = { call: 3, post: 30 };
export const FAR: Distance = { call: 100, post: 150 };

const MONTH_S = 2_592_000;
const DAYS = 30;
/** The npm client's interval of ping envelopes. */
const PING_S = 20;

/** Returns the units of `times` uses. */
export function unitsOf({ each, busyMs, calls, posts, cpuMs }: Figures, times: number, distance: Distance): Units {
  return {
    requests: each.requests * times,
    objectRequests: each.objectRequests * times,
    rowsWritten: each.rowsWritten * times,
    rowsRead: each.rowsRead * times,
    kvReads: each.lookups * times,
    logLines: each.logLines * times,
    cpuMs: cpuMs * times,
    gbSeconds: gbSeconds((busyMs + calls * distance.call + posts * distance.post) * times),
  };
}

/**
 * Returns the lines that the platform would log for these units if it logged each invocation: requests, calls, alarms and
 * frames. An object's requests count twenty frames as one.
 * @param frames incoming frames of WebSockets
 */
export function invocations({ requests, objectRequests }: Units, frames: number): number {
  return requests + objectRequests - frames / FRAMES_A_REQUEST + frames;
}

/** Returns the ping envelopes of a month. */
export function pingsOf({ twins, pingEnvelopes }: Idling): number {
  return pingEnvelopes ? (twins * MONTH_S) / PING_S : 0;
}

/** How twins idle. */
export interface Idling {
  readonly twins: number;
  /** Reconnections of each twin a day. */
  readonly reconnections: number;
  /** Whether they send ping envelopes, or WebSocket pings, which cost nothing. */
  readonly pingEnvelopes: boolean;
}

/** Returns the units of a relay in a month with connected, silent twins, including following the chain. */
export function idleMonth(idling: Idling): Units {
  const { twins, reconnections } = idling;
  const connections = unitsOf(IDLE.reconnection, twins * reconnections * DAYS, NEAR);
  const pings = unitsOf(IDLE.pingEnvelope, pingsOf(idling), NEAR);
  const sum = (unit: keyof Units) => WATCHER[unit] + connections[unit] + pings[unit];
  return {
    requests: sum('requests'),
    objectRequests: sum('objectRequests'),
    rowsWritten: sum('rowsWritten'),
    rowsRead: sum('rowsRead'),
    kvReads: sum('kvReads'),
    cpuMs: sum('cpuMs'),
    gbSeconds: sum('gbSeconds'),
    logLines: sum('logLines'),
  };
}
