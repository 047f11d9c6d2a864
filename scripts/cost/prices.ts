/** Cloudflare's list prices for its Workers Paid plan as of this month. */
export const PRICES_OF = 'November 2026';

/** What is billed; a unit is a request, a row, a read, a millisecond of CPU, a GB-second. */
export interface Units {
  /** Requests of the Worker. */
  readonly requests: number;
  /** Requests of objects: calls, alarms, and a twentieth for each WebSocket frame that comes in. */
  readonly objectRequests: number;
  readonly rowsWritten: number;
  readonly rowsRead: number;
  readonly kvReads: number;
  /** Of the Worker; what an object computes is in its duration. */
  readonly cpuMs: number;
  /** Duration of objects, each counted with 128 MB. */
  readonly gbSeconds: number;
}

interface Price {
  readonly unit: keyof Units;
  readonly title: string;
  /** US dollars for a million. */
  readonly million: number;
  /** A month's allowance, which the plan's $5 contain. */
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
];

/** WebSocket frames that come in and together count as one request of an object. */
export const FRAMES_A_REQUEST = 20;
/** What a second of one object counts as. */
const GB = 0.128;

export function gbSeconds(ms: number): number {
  return (ms / 1000) * GB;
}

/** US dollars at list price, as if nothing were included. */
export function listPrice(units: Units): number {
  return PRICES.reduce((sum, { unit, million }) => sum + (units[unit] / 1e6) * million, 0);
}

/** US dollars of a month beyond the plan's $5. */
export function beyondPlan(units: Units): number {
  return PRICES.reduce(
    (sum, { unit, million, included }) => sum + (Math.max(0, units[unit] - included) / 1e6) * million,
    0,
  );
}
