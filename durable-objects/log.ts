/** Lines of one event that pass in a minute. The platform bills each line, and a failure may come with every message. */
const MOST_LINES = 10;
const MINUTE_MS = 60_000;

/** Counts log lines by event. Belongs to an isolate; may vanish at any time. */
export class LogPace {
  readonly #events = new Map<string, { since: number; lines: number; leftOut: number }>();

  /** Returns how many lines of the event were left out before this one; undefined if this one is left out. @param now Unix ms */
  note(event: string, now: number): number | undefined {
    const known = this.#events.get(event);
    if (known === undefined || now - known.since >= MINUTE_MS) {
      this.#events.set(event, { since: now, lines: 1, leftOut: 0 });
      return known?.leftOut ?? 0;
    }
    if (known.lines >= MOST_LINES) {
      known.leftOut += 1;
      return undefined;
    }
    known.lines += 1;
    return 0;
  }
}

const pace = new LogPace();

/** Writes a line of JSON to the log, or leaves it out if the event was logged often in this minute. */
export function logLine(level: 'warn' | 'error', event: string, details: object): void {
  const leftOut = pace.note(event, Date.now());
  if (leftOut === undefined) return;
  console[level](JSON.stringify({ event, ...details, ...(leftOut === 0 ? {} : { leftOut }) }));
}
