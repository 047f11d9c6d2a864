// Whether the calls to one twin go by a gatherer. Pure: times in Unix ms, `random` from 0 to 1.

/**
 * The way of a batch to a twin's object: a call of its own, or a call of a gatherer, which brings batches of many senders
 * in one call.
 */
export type Way = 'direct' | 'gathered';

/** After this a sender tries the direct way again. Each draws half of it more or less: they must not come together. */
const HOT_MS = 60_000;
/**
 * So many direct calls in a row that take so long mean load. A call to the other side of the world takes 0.3 s, and one that
 * wakes an object little more.
 */
const SLOW_MS = 1_000;
const SLOW_CALLS = 2;

/** What a sender's object has seen of one twin's object. */
export interface Heat {
  /** Until then batches are gathered. */
  readonly until: number;
  /** Slow direct calls in a row. */
  readonly slow: number;
}

/** The end of a call. `in-doubt`: a gatherer's call failed, and may still run. */
export type CallEnd = { readonly took: number } | 'overloaded' | 'in-doubt';

export const COLD: Heat = { until: 0, slow: 0 };

/** Returns the way of the next batch. It is chosen after the last one was answered, so no batch overtakes another. */
export function wayOf({ until }: Heat, now: number): Way {
  return now < until ? 'gathered' : 'direct';
}

/** Returns the heat after a call. */
export function heatAfter({ until, slow }: Heat, end: CallEnd, now: number, random: number): Heat {
  const hot = { until: Math.max(until, now + HOT_MS * (0.5 + random)), slow: 0 };
  // A gatherer may still have that batch. A direct one would overtake it.
  if (end === 'in-doubt' || end === 'overloaded') return hot;
  if (end.took < SLOW_MS) return { until, slow: 0 };
  return slow + 1 < SLOW_CALLS ? { until, slow: slow + 1 } : hot;
}
