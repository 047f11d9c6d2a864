import type { Address } from '../../../proto/address.ts';

/** How long a session counts as not connected here (ms). */
const REMEMBER_MS = 5_000;
const REMEMBER_MOST = 1024;

/**
 * Sessions of other relays' twins that were not connected here a moment ago, so that traffic which only passes
 * through does not cost a call for each batch. May be forgotten at any time: then the twin's object is asked.
 */
export class Absence {
  readonly #now: () => number;
  readonly #until = new Map<string, number>();

  /** @param now Unix ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  note(session: Address): void {
    if (this.#until.size >= REMEMBER_MOST) this.#until.clear();
    this.#until.set(keyOf(session), this.#now() + REMEMBER_MS);
  }

  has(session: Address): boolean {
    const key = keyOf(session);
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#until.delete(key);
    return false;
  }
}

/** Absent and '' are two sessions. */
function keyOf({ twin, connection }: Address): string {
  return connection === undefined ? `${twin}` : `${twin}:${connection}`;
}
