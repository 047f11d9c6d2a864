/** Limits for an unanswered PING, ms. */
export interface Patience {
  /** Then it is reported as silent. */
  readonly reportMs: number;
  /** Then it is dropped. */
  readonly dropMs: number;
}

/** State of one connection. Every function here returns a new one. */
export interface Silence {
  /** Milliseconds since the oldest question without an answer; undefined when the last question was answered. */
  readonly unansweredMs: number | undefined;
  /** A question is on its way. */
  readonly isAsked: boolean;
  readonly isReported: boolean;
  /** Time of the last tick, ms on a steady clock. */
  readonly at: number;
}

export type SilenceEvent =
  /** The connection is ready for commands. */
  | 'ready'
  /** The connection is gone, or dropped: a new one is dialled. */
  | 'lost'
  | 'answered'
  /** The question could not be asked: too many commands wait before it. */
  | 'unasked'
  | 'tick';

export type SilenceEffect = 'ask' | 'report-silent' | 'report-heard' | 'drop';

export interface SilenceStep {
  /** Undefined without a connection to watch. */
  readonly silence: Silence | undefined;
  readonly effects: readonly SilenceEffect[];
}

/**
 * A tick counts as this many ms at most. A process that was suspended, or blocked, has read nothing meanwhile:
 * the answer may wait in its socket.
 */
export const MOST_TICK_MS = 2_000;

/** Decides what to do about a connection when something happens. @param now ms on a steady clock */
export function watchSilence(
  silence: Silence | undefined,
  event: SilenceEvent,
  now: number,
  patience: Patience,
): SilenceStep {
  if (event === 'ready') return fresh(now);
  if (event === 'lost' || silence === undefined) return { silence: undefined, effects: [] };
  if (event === 'answered') return { ...fresh(now), effects: silence.isReported ? ['report-heard'] : [] };
  if (event === 'unasked') return { silence: { ...silence, isAsked: false }, effects: [] };
  return tick(silence, now, patience);
}

function fresh(now: number): SilenceStep {
  return { silence: { unansweredMs: undefined, isAsked: false, isReported: false, at: now }, effects: [] };
}

function tick(before: Silence, now: number, { reportMs, dropMs }: Patience): SilenceStep {
  const passed = Math.min(now - before.at, MOST_TICK_MS);
  const unansweredMs = before.unansweredMs === undefined ? 0 : before.unansweredMs + passed;
  if (unansweredMs >= dropMs) return { silence: undefined, effects: ['drop'] };
  const isReported = before.isReported || unansweredMs >= reportMs;
  return {
    silence: { unansweredMs, isAsked: true, isReported, at: now },
    effects: [
      ...(before.isAsked ? [] : (['ask'] as const)),
      ...(isReported && !before.isReported ? (['report-silent'] as const) : []),
    ],
  };
}
