import type { Address } from '../../../proto/envelope/address.ts';
import { Absence } from './absence.ts';

/** Short: a twin that connects there is found soon. Long enough that a burst for an absent twin is one question. */
const AWAY_MS = 1_000;
/** A relay that does not answer is not asked for twins of this relay for so long: their envelopes can be stored here. */
const DOWN_MS = 5_000;

/** Relays that are remembered. Any twin may name relays on chain. */
const MOST_RELAYS = 256;

/** What other relays said a moment ago about sessions of twins that name several relays. May be forgotten at any time. */
export class AwayThere {
  readonly #now: () => number;
  readonly #sessions = new Map<string, Absence>();
  readonly #down = new Map<string, number>();

  /** @param now Unix ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The relay does not have the session now. */
  note(domain: string, session: Address): void {
    if (this.#sessions.size >= MOST_RELAYS) this.#sessions.clear();
    const sessions = this.#sessions.get(domain) ?? new Absence(this.#now, AWAY_MS);
    this.#sessions.set(domain, sessions);
    sessions.note(session);
  }

  /** The relay does not answer now. */
  noteDown(domain: string): void {
    if (this.#down.size >= MOST_RELAYS) this.#down.clear();
    this.#down.set(domain, this.#now() + DOWN_MS);
  }

  /** Returns whether the relay did not have the session a moment ago. */
  has(domain: string, session: Address): boolean {
    return this.#sessions.get(domain)?.has(session) ?? false;
  }

  /** Returns whether the relay did not answer a moment ago. */
  isDown(domain: string): boolean {
    return this.#now() < (this.#down.get(domain) ?? 0);
  }
}
