import { Lru } from './twin-resolver/lru.ts';

/** Twins whose minute is remembered. */
const MOST_TWINS = 10_000;
/** A signature that does not fit may mean a new key on chain: so often that is looked up, for a twin and in all. */
const REFRESH_MS = 60_000;
const REFRESHES_A_MINUTE = 60;

/** What a twin has sent in one clock minute (minutes since 1970). */
interface Window {
  minute: number;
  messages: number;
  bytes: number;
}

/**
 * What other relays may bring of one source twin, and how often its key is looked up anew. Belongs to one isolate,
 * of which Cloudflare runs as many as it likes, and may vanish at any time: a brake on floods, no account.
 */
export class FederationBudget {
  readonly #windows = new Lru<Window>(MOST_TWINS);
  readonly #refreshed = new Lru<number>(MOST_TWINS);
  #refreshes: Window = { minute: 0, messages: 0, bytes: 0 };

  /** Counts a message of a twin at `now` (Unix ms); false when its minute is spent. A limit of 0 is none. */
  spend(
    twin: number,
    bytes: number,
    limit: { readonly messages: number; readonly bytes: number },
    now: number,
  ): boolean {
    if (limit.messages === 0 && limit.bytes === 0) return true;
    const window = current(this.#windows.get(twin), now);
    if (limit.messages > 0 && window.messages + 1 > limit.messages) return false;
    if (limit.bytes > 0 && window.bytes + bytes > limit.bytes) return false;
    window.messages += 1;
    window.bytes += bytes;
    this.#windows.set(twin, window);
    return true;
  }

  /** Whether this twin may be read from the chain now (Unix ms); a yes is counted. */
  mayRefresh(twin: number, now: number): boolean {
    this.#refreshes = current(this.#refreshes, now);
    if (this.#refreshes.messages >= REFRESHES_A_MINUTE) return false;
    if (now - (this.#refreshed.get(twin) ?? Number.NEGATIVE_INFINITY) < REFRESH_MS) return false;
    this.#refreshes.messages += 1;
    this.#refreshed.set(twin, now);
    return true;
  }
}

function current(window: Window | undefined, now: number): Window {
  const minute = Math.floor(now / 60_000);
  return window?.minute === minute ? window : { minute, messages: 0, bytes: 0 };
}
