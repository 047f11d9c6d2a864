import { type Loss, TORN_CODE } from '../session/socket.ts';

/** The first two failures are asked about: the relay's first answer may tell the time, and then the second token is right. */
const FIRST_FAILURES = 2;
/** Later ones once in this time: a page that is refused for hours must not double its requests, ms. */
const AGAIN_MS = 60_000;

/**
 * Decides when a relay is asked why it refuses, in a host that hides the answer to an upgrade. Between two questions, a
 * failure has the reason that the relay gave last.
 */
export class Reasons {
  readonly #now: () => number;
  #failures = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #reason: string | undefined;

  /** @param now ms of one clock */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Whether the relay is asked if the next attempt fails. */
  get isDue(): boolean {
    return this.#failures < FIRST_FAILURES || this.#now() - this.#askedAt >= AGAIN_MS;
  }

  /** An attempt failed. Returns why, for people. */
  failed({ code, detail, isExplained }: Loss): string {
    // The relay opened the socket, and closed it with a reason.
    if (code !== TORN_CODE) return detail;
    if (this.isDue) {
      this.#askedAt = this.#now();
      this.#reason = isExplained === true ? detail : undefined;
    }
    this.#failures += 1;
    return this.#reason ?? detail;
  }

  /** A session is open. */
  opened(): void {
    this.#failures = 0;
    this.#askedAt = Number.NEGATIVE_INFINITY;
    this.#reason = undefined;
  }
}
