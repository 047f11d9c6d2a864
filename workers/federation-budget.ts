import {
  add,
  exceeds,
  isLimited,
  minuteOf,
  type RateLimit,
  type RateWindow,
} from '../durable-objects/twin/rate-window.ts';
import { Lru } from './twin-resolver/lru.ts';

/** Twins whose minute is remembered. */
const MOST_TWINS = 10_000;
/** A signature that does not fit may mean a new key on chain: so often that is looked up, for a twin and in all. */
const REFRESH_MS = 60_000;
const REFRESHES_A_MINUTE = 60;

/**
 * What other relays may bring of one source twin, and how often its key is looked up anew. Belongs to one isolate,
 * of which Cloudflare runs as many as it likes, and may vanish at any time: a brake on floods, no account.
 */
export class FederationBudget {
  readonly #windows = new Lru<RateWindow>(MOST_TWINS);
  readonly #refreshed = new Lru<number>(MOST_TWINS);
  #refreshes: RateWindow | undefined;

  /** Counts a message of a twin at `now` (Unix ms); false when its minute is spent. */
  spend(twin: number, bytes: number, limit: RateLimit, now: number): boolean {
    if (!isLimited(limit)) return true;
    const window = add(this.#windows.get(twin), minuteOf(now), 1, bytes);
    if (exceeds(window, limit)) return false;
    this.#windows.set(twin, window);
    return true;
  }

  /** Whether this twin may be read from the chain at `now` (Unix ms), or was a moment ago; a yes is counted. */
  refresh(twin: number, now: number): 'now' | 'recent' | 'spent' {
    if (now - (this.#refreshed.get(twin) ?? Number.NEGATIVE_INFINITY) < REFRESH_MS) return 'recent';
    const refreshes = add(this.#refreshes, minuteOf(now), 1, 0);
    if (refreshes.messages > REFRESHES_A_MINUTE) return 'spent';
    this.#refreshes = refreshes;
    this.#refreshed.set(twin, now);
    return 'now';
  }
}
