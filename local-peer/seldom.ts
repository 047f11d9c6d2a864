/** Between two lines of the same kind about the same twin, ms. */
const APART_MS = 60_000;
/** Twins and kinds that are remembered: beyond them the oldest is logged again. */
const MOST = 1_000;

/** Says what may be logged: a twin that sends garbage must not fill the disk. */
export class Seldom {
  readonly #now: () => number;
  readonly #last = new Map<string, number>();

  /** @param now ms, by a clock that nobody sets */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Returns whether this kind was not logged of this twin within the last minute; now it was. */
  isDue(twin: number, kind: string): boolean {
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
