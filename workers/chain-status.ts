import type { WatcherStatus } from '../durable-objects/contract.ts';

/** Anybody may ask whether the relay is ready; its one watcher is asked so often at most (ms). */
const CACHED_MS = 5_000;

/** What the chain watcher said last. Of an isolate: it may vanish at any time. */
export class ChainStatus {
  #last: { readonly status: WatcherStatus; readonly at: number } | undefined;

  /** @param now Unix ms */
  async read(now: number, ask: () => Promise<WatcherStatus>): Promise<WatcherStatus> {
    if (this.#last !== undefined && now - this.#last.at < CACHED_MS) return this.#last.status;
    const status = await ask();
    this.#last = { status, at: now };
    return status;
  }
}
