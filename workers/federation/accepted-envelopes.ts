import { Lru } from '../twin-resolver/lru.ts';

const MOST_ENVELOPES = 10_000;
/** Longer than any relay repeats an envelope whose 202 was lost. */
const REMEMBER_MS = 300_000;

/**
 * Envelopes of other relays that were answered 202 a moment ago, by the digest of their signed string. A repeat is
 * answered 202 without a call. Belongs to an isolate; may vanish at any time.
 */
export class AcceptedEnvelopes {
  readonly #until = new Lru<number, string>(MOST_ENVELOPES);

  /** Remembers an envelope. @param now Unix ms */
  note(digest: string, now: number): void {
    this.#until.set(digest, now + REMEMBER_MS);
  }

  /** Returns whether an envelope was accepted a moment ago. @param now Unix ms */
  has(digest: string, now: number): boolean {
    return now < (this.#until.get(digest) ?? 0);
  }
}
