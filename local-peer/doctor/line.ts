/** How something that was looked at is: `skipped` depends on something else that failed. */
export type LineState = 'ok' | 'warn' | 'fail' | 'skipped';

/** One thing that the doctor looked at. */
export interface Line {
  /** `redis`, `relay relay.grid.tf`. */
  readonly part: string;
  /** What about it. */
  readonly what: string;
  readonly state: LineState;
  /** What was seen; why it was not looked at. */
  readonly detail: string;
  /** What to do; there whenever something is not as it should be. */
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

/** Whether something is broken; what is only worth a warning does not count. */
export function hasFailed(lines: readonly Line[]): boolean {
  return lines.some(({ state }) => state === 'fail');
}
