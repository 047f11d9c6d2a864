/** An object takes so much of its rate at once before it rejects calls, seconds. */
const BURST_S = 0.25;

/** What one object was given since the last reset. */
export interface Given {
  calls: number;
  rejected: number;
  frames: number;
  /** The longest wait of a frame, ms. */
  longestWait: number;
}

/** Events a second that each object takes, or only the object of that name. */
let limit: { readonly only: string | null; readonly perSecond: number } = { only: null, perSecond: Infinity };
// All objects of a local workerd share one isolate, so these are the objects of the whole relay.
const caps = new Map<string, Cap>();

/** Sets the rate of each object, or of one, and forgets what was counted. @param only its name; absent: all objects */
export function setRate(perSecond: number, only: string | null = null): void {
  limit = { only, perSecond };
  for (const cap of caps.values()) cap.reset();
}

/** Returns the cap of an object. */
export function capOf(name: string): Cap {
  let cap = caps.get(name);
  if (cap === undefined) {
    cap = new Cap(name);
    caps.set(name, cap);
  }
  return cap;
}

/** Returns what the objects were given whose name begins so. */
export function givenTo(prefix: string): Record<string, Given> {
  return Object.fromEntries(
    [...caps].filter(([name]) => name.startsWith(prefix)).map(([name, { given }]) => [name, given]),
  );
}

/** One object as the platform limits it: calls and frames share a rate. Beyond it calls are rejected, and frames wait. */
class Cap {
  given: Given = { calls: 0, rejected: 0, frames: 0, longestWait: 0 };
  readonly #name: string;
  /** Events that the object would take now; negative while frames wait. */
  #room = 0;
  #at = 0;

  constructor(name: string) {
    this.#name = name;
  }

  get #rate(): number {
    return limit.only === null || limit.only === this.#name ? limit.perSecond : Number.POSITIVE_INFINITY;
  }

  reset(): void {
    this.given = { calls: 0, rejected: 0, frames: 0, longestWait: 0 };
    this.#room = this.#rate * BURST_S;
  }

  /** Counts a call. Throws as the platform does when the object takes no more. @param now ms */
  call(now: number): void {
    this.given.calls += 1;
    if (!Number.isFinite(this.#rate) || this.#refill(now) >= 1) {
      this.#room -= 1;
      return;
    }
    this.given.rejected += 1;
    throw new Error('Durable Object is overloaded. Too many requests queued.');
  }

  /** Counts a frame. Returns how long it waits for its turn, ms. */
  frame(now: number): number {
    this.given.frames += 1;
    if (!Number.isFinite(this.#rate)) return 0;
    this.#room = this.#refill(now) - 1;
    const wait = this.#room >= 0 ? 0 : (-this.#room / this.#rate) * 1000;
    this.given.longestWait = Math.max(this.given.longestWait, wait);
    return wait;
  }

  #refill(now: number): number {
    this.#room = Math.min(this.#room + ((now - this.#at) / 1000) * this.#rate, this.#rate * BURST_S);
    this.#at = now;
    return this.#room;
  }
}
