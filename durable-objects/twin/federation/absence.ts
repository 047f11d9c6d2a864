import type { Address } from '../../../proto/envelope/address.ts';

/** How long a session counts as absent. */
const REMEMBER_MS = 5_000;
const REMEMBER_MOST = 1024;

/**
 * Sessions of other relays' twins that were not connected here a moment ago. With it, envelopes for another relay do not
 * cost a call to the twin's object here for each batch. May be forgotten at any time.
 */
export class Absence {
  readonly #now: () => number;
  readonly #rememberMs: number;
  readonly #until = new Map<string, number>();

  /** @param now Unix ms */
  constructor(now: () => number, rememberMs = REMEMBER_MS) {
    this.#now = now;
    this.#rememberMs = rememberMs;
  }

  /** The session is not connected here now. */
  note(session: Address): void {
    if (this.#until.size >= REMEMBER_MOST) this.#until.clear();
    this.#until.set(keyOf(session), this.#now() + this.#rememberMs);
  }

  /** Returns whether the session was not connected here a moment ago. @param withinMs how long a moment is */
  has(session: Address, withinMs = this.#rememberMs): boolean {
    const key = keyOf(session);
    const until = this.#until.get(key);
    if (until === undefined) return false;
    const left = until - this.#now();
    if (left <= 0) this.#until.delete(key);
    return left > this.#rememberMs - withinMs && left > 0;
  }
}

/** An absent sid and '' are two sessions. */
function keyOf({ twin, connection }: Address): string {
  return connection === undefined ? `${twin}` : `${twin}:${connection}`;
}
