import { Lru } from './twin-resolver/lru.ts';

const MOST = 10_000;
/** Longer than the repeats of any relay whose 202 was lost (ms). */
const REMEMBER_MS = 300_000;

/**
 * Envelopes of other relays that were answered 202 a moment ago, by the digest of their signed string: a repeat is
 * answered 202 without a call. Belongs to an isolate; may vanish at any time.
 */
export class Answered {
  readonly #until = new Lru<number, string>(MOST);

  note(digest: string, now: number): void {
    this.#until.set(digest, now + REMEMBER_MS);
  }

  /** @param now Unix ms */
  has(digest: string, now: number): boolean {
    return now < (this.#until.get(digest) ?? 0);
  }
}
