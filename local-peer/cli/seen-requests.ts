/** A twin can make us remember so many of its requests; its further ones are refused, those of others are not. */
const MAX_EACH = 10_000;
/** What is over is looked for after so many new ones. */
const SWEEP_EVERY = 1_000;

/** The requests that were served, for as long as they could come again. */
export class SeenRequests {
  /** Twin → its request → when it is over, ms. */
  readonly #twins = new Map<number, Map<string, number>>();
  readonly #now: () => number;
  readonly #maxEach: number;
  #added = 0;

  /** @param now ms, by a clock that nobody sets */
  constructor(now: () => number, maxEach = MAX_EACH) {
    this.#now = now;
    this.#maxEach = maxEach;
  }

  /** Whether a request was served before, or cannot be remembered as one. */
  judge(twin: number, request: string): 'new' | 'repeated' | 'full' {
    const seen = this.#twins.get(twin);
    if (seen === undefined) return 'new';
    if ((seen.get(request) ?? 0) > this.#now()) return 'repeated';
    if (seen.size >= this.#maxEach) forgetOld(seen, this.#now());
    return seen.size >= this.#maxEach ? 'full' : 'new';
  }

  /** Remembers a request for some seconds. */
  add(twin: number, request: string, seconds: number): void {
    this.#added += 1;
    if (this.#added % SWEEP_EVERY === 0) this.#sweep();
    const seen = this.#twins.get(twin) ?? new Map<string, number>();
    seen.set(request, this.#now() + seconds * 1000);
    this.#twins.set(twin, seen);
  }

  #sweep(): void {
    const now = this.#now();
    for (const [twin, seen] of this.#twins) {
      forgetOld(seen, now);
      if (seen.size === 0) this.#twins.delete(twin);
    }
  }
}

function forgetOld(seen: Map<string, number>, now: number): void {
  for (const [request, until] of seen) if (until <= now) seen.delete(request);
}
