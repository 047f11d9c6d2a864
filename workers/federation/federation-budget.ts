import {
  add,
  exceeds,
  isLimited,
  minuteOf,
  type RateLimit,
  type RateWindow,
} from '../../durable-objects/twin/limits/rate-window.ts';
import { Lru } from '../twin-resolver/lru.ts';

/** Twins that are remembered. */
const MOST_TWINS = 10_000;
/** After a wrong signature the key is read from the chain again: once in this time for a twin, and so often in all. */
const REFRESH_MS = 60_000;
const REFRESHES_A_MINUTE = 60;

/**
 * The rate limit for envelopes of one source twin from other relays, and for reading its key again. Belongs to one of many
 * isolates, and may vanish at any time: it slows floods, and counts no more than that.
 */
export class FederationBudget {
  readonly #windows = new Lru<RateWindow>(MOST_TWINS);
  readonly #refreshed = new Lru<number>(MOST_TWINS);
  #refreshes: RateWindow | undefined;

  /** Counts a message of a twin at `now` (Unix ms). Returns false if the budget of its minute is spent. */
  spend(twin: number, bytes: number, limit: RateLimit, now: number): boolean {
    if (!isLimited(limit)) return true;
    const window = add(this.#windows.get(twin), minuteOf(now), 1, bytes);
    if (exceeds(window, limit)) return false;
    this.#windows.set(twin, window);
    return true;
  }

  /** Returns whether a twin may be read from the chain at `now` (Unix ms), or was a moment ago. Counts a `now`. */
  refresh(twin: number, now: number): 'now' | 'recent' | 'spent' {
    if (now - (this.#refreshed.get(twin) ?? Number.NEGATIVE_INFINITY) < REFRESH_MS) return 'recent';
    const refreshes = add(this.#refreshes, minuteOf(now), 1, 0);
    if (refreshes.messages > REFRESHES_A_MINUTE) return 'spent';
    this.#refreshes = refreshes;
    this.#refreshed.set(twin, now);
    return 'now';
  }
}
