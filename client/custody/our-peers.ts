import { type Address, formatAddress } from '../../proto/envelope/address.ts';

/** A peer of this project stays known as such for a day, ms. */
const KNOWN_MS = 86_400_000;
const MOST = 10_000;

/**
 * Sessions whose envelopes had a valid seal: this project’s peers and clients, which drop repeats. Nobody else may be
 * sent an envelope twice.
 */
export class OurPeers {
  readonly #most: number;
  /** Address → when its last seal was seen, ms; the oldest first. */
  readonly #seen = new Map<string, number>();

  constructor(most = MOST) {
    this.#most = most;
  }

  /** A sealed envelope of this session was verified. @param now ms */
  sealed(source: Address, now: number): void {
    const name = nameOf(source);
    this.#seen.delete(name);
    this.#seen.set(name, now);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > this.#most && oldest !== undefined) this.#seen.delete(oldest);
  }

  /** Returns whether this session is known to drop repeats. @param now ms */
  has(session: Address, now: number): boolean {
    const seen = this.#seen.get(nameOf(session));
    return seen !== undefined && now - seen < KNOWN_MS;
  }
}

/** An empty sid counts as absent, as at the receiver. */
function nameOf({ twin, connection }: Address): string {
  return formatAddress(connection === undefined || connection === '' ? { twin } : { twin, connection });
}
