/** Result of a check: `skipped` depends on another check that failed. */
export type LineState = 'ok' | 'warn' | 'fail' | 'skipped';

/** One check of the doctor. */
export interface Line {
  /** `redis`, `relay relay.grid.tf`. */
  readonly part: string;
  /** The aspect of the part. */
  readonly what: string;
  readonly state: LineState;
  /** The observation, or why the check was skipped. */
  readonly detail: string;
  /** Advice, for every warning and failure. */
  readonly next?: string;
}

/** Makes the lines of one part. */
export interface Lines {
  ok(what: string, detail: string): Line;
  warn(what: string, detail: string, next: string): Line;
  fail(what: string, detail: string, next: string): Line;
  skipped(what: string, why: string): Line;
}

export function linesOf(part: string): Lines {
  return {
    ok: (what, detail) => ({ part, what, state: 'ok', detail }),
    warn: (what, detail, next) => ({ part, what, state: 'warn', detail, next }),
    fail: (what, detail, next) => ({ part, what, state: 'fail', detail, next }),
    skipped: (what, why) => ({ part, what, state: 'skipped', detail: why }),
  };
}

/** Returns whether a check failed; warnings do not count. */
export function hasFailed(lines: readonly Line[]): boolean {
  return lines.some(({ state }) => state === 'fail');
}
