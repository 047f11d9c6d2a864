import { type Figures, IDLE, WATCHER } from './figures.ts';
import { gbSeconds, type Units } from './prices.ts';

/** How long an object waits for another object, and for another relay's answer: assumed (ms). */
export interface Distance {
  readonly call: number;
  readonly post: number;
}

/** Twins of one region, and on two sides of an ocean. */
export const NEAR: Distance = { call: 3, post: 30 };
export const FAR: Distance = { call: 100, post: 150 };

const MONTH_S = 2_592_000;
const DAYS = 30;
/** As often as the npm client sends one. */
const PING_S = 20;

/** What `times` of something use. */
export function unitsOf({ each, busyMs, calls, posts, cpuMs }: Figures, times: number, distance: Distance): Units {
  return {
    requests: each.requests * times,
    objectRequests: each.objectRequests * times,
    rowsWritten: each.rowsWritten * times,
    rowsRead: each.rowsRead * times,
    kvReads: each.lookups * times,
    cpuMs: cpuMs * times,
    gbSeconds: gbSeconds((busyMs + calls * distance.call + posts * distance.post) * times),
  };
}

/** How twins idle. */
export interface Idling {
  readonly twins: number;
  /** How often a day each twin's connection ends and comes again. */
  readonly reconnections: number;
  /** Whether they keep their connection alive by ping envelopes, or by pings of WebSocket, which cost nothing. */
  readonly pingEnvelopes: boolean;
}

/** What a relay uses in a month whose twins are connected and say nothing; following the chain included. */
export function idleMonth({ twins, reconnections, pingEnvelopes }: Idling): Units {
  const connections = unitsOf(IDLE.reconnection, twins * reconnections * DAYS, NEAR);
  const pings = unitsOf(IDLE.pingEnvelope, pingEnvelopes ? (twins * MONTH_S) / PING_S : 0, NEAR);
  const sum = (unit: keyof Units) => WATCHER[unit] + connections[unit] + pings[unit];
  return {
    requests: sum('requests'),
    objectRequests: sum('objectRequests'),
    rowsWritten: sum('rowsWritten'),
    rowsRead: sum('rowsRead'),
    kvReads: sum('kvReads'),
    cpuMs: sum('cpuMs'),
    gbSeconds: sum('gbSeconds'),
  };
}
