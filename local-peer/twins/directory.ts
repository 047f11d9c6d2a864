import type { Twin, TwinDirectory } from '../../proto/twin.ts';

const REMEMBER_MS = 10 * 60_000;
/** A twin is asked for again at most this often: a stranger's bad signatures must not become our questions. */
const REFRESH_MS = 5_000;
const MOST = 10_000;

interface Known {
  readonly twin: Promise<Twin | undefined>;
  readonly askedAt: number;
}

/** Twins by id, remembered for ten minutes; many who ask at once share one question. */
export class Directory implements TwinDirectory {
  readonly #ask: (id: number) => Promise<Twin | undefined>;
  readonly #now: () => number;
  readonly #known = new Map<number, Known>();

  /** @param now Unix ms */
  constructor(ask: (id: number) => Promise<Twin | undefined>, now: () => number) {
    this.#ask = ask;
    this.#now = now;
  }

  get(id: number): Promise<Twin | undefined> {
    return this.#notOlderThan(id, REMEMBER_MS);
  }

  refresh(id: number): Promise<Twin | undefined> {
    return this.#notOlderThan(id, REFRESH_MS);
  }

  #notOlderThan(id: number, age: number): Promise<Twin | undefined> {
    const known = this.#known.get(id);
    if (known !== undefined && this.#now() - known.askedAt < age) return known.twin;
    const twin = this.#ask(id);
    const fresh = { twin, askedAt: this.#now() };
    this.#known.delete(id);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(id, fresh);
    // An answer that never came is not remembered, nor is a twin that does not exist (it may, any moment).
    twin.then(
      (found) => found === undefined && this.#forget(id, fresh),
      () => this.#restore(id, fresh, known),
    );
    return twin;
  }

  /** A question that failed takes nothing away: what the chain said before still holds. */
  #restore(id: number, failed: Known, before: Known | undefined): void {
    if (this.#known.get(id) !== failed) return;
    if (before === undefined) this.#known.delete(id);
    else this.#known.set(id, before);
  }

  #forget(id: number, entry: Known): void {
    if (this.#known.get(id) === entry) this.#known.delete(id);
  }
}
