/** Between two lines of the same kind about the same twin, ms. */
const APART_MS = 60_000;
/** Pairs of twin and kind that are remembered: beyond this the oldest is logged again. */
const MOST = 1_000;

/** Limits log lines: a twin that sends garbage must not fill the disk. */
export class Seldom {
  readonly #now: () => number;
  readonly #last = new Map<string, number>();

  /** @param now ms, by a monotonic clock */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Returns whether a line of this kind about this twin may be logged now: one per minute. */
  mayLog(twin: number, kind: string): boolean {
    const key = `${twin}.${kind}`;
    const now = this.#now();
    const last = this.#last.get(key);
    if (last !== undefined && now - last < APART_MS) return false;
    this.#last.delete(key);
    this.#last.set(key, now);
    const [oldest] = this.#last.keys();
    if (this.#last.size > MOST && oldest !== undefined) this.#last.delete(oldest);
    return true;
  }
}
