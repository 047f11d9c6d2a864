/** Cloudflare's list prices for its Workers Paid plan as of this month. */
export const PRICES_OF = 'November 2026';

/** Billed units: requests, rows, reads, milliseconds of CPU, GB-seconds, lines. */
export interface Units {
  /** Requests of the Worker. */
  readonly requests: number;
  /** Requests of objects: calls, alarms, and a twentieth for each incoming WebSocket frame. */
  readonly objectRequests: number;
  readonly rowsWritten: number;
  readonly rowsRead: number;
  readonly kvReads: number;
  /** CPU of the Worker; an object's CPU is part of its duration. */
  readonly cpuMs: number;
  /** Duration of objects, each counted with 128 MB. */
  readonly gbSeconds: number;
  /** Lines of the log: our own, and one for each invocation if the platform logs those. */
  readonly logLines: number;
}

interface Price {
  readonly unit: keyof Units;
  readonly title: string;
  /** US dollars for a million. */
  readonly million: number;
  /** A month's allowance within the plan's $5. */
  readonly included: number;
}

export const PRICES: readonly Price[] = [
  { unit: 'requests', title: 'requests', million: 0.3, included: 10e6 },
  { unit: 'objectRequests', title: 'requests of objects', million: 0.15, included: 1e6 },
  { unit: 'rowsWritten', title: 'rows written', million: 1, included: 50e6 },
  { unit: 'rowsRead', title: 'rows read', million: 0.001, included: 25e9 },
  { unit: 'kvReads', title: 'KV reads', million: 0.5, included: 10e6 },
  { unit: 'cpuMs', title: 'ms of CPU', million: 0.02, included: 30e6 },
  { unit: 'gbSeconds', title: 'GB-s', million: 12.5, included: 400_000 },
  { unit: 'logLines', title: 'lines of the log', million: 0.6, included: 20e6 },
];

/** Incoming WebSocket frames that count as one request of an object. */
export const FRAMES_A_REQUEST = 20;
/** GB-s of one object's second. */
const GB = 0.128;

export function gbSeconds(ms: number): number {
  return (ms / 1000) * GB;
}

/** Returns US dollars at list price, without any allowance. */
export function listPrice(units: Units): number {
  return PRICES.reduce((sum, { unit, million }) => sum + (units[unit] / 1e6) * million, 0);
}

/** Returns the US dollars of a month beyond the plan's $5. */
export function beyondPlan(units: Units): number {
  return PRICES.reduce(
    (sum, { unit, million, included }) => sum + (Math.max(0, units[unit] - included) / 1e6) * million,
    0,
  );
}
