import type { WatcherStatus } from '../../durable-objects/contract.ts';

/** Anybody may ask whether the relay is ready. Its only watcher gets at most one call in this time. */
const CACHED_MS = 5_000;

/** The last status of the chain watcher. Belongs to an isolate; may vanish at any time. */
export class ChainStatus {
  #last: { readonly status: WatcherStatus; readonly at: number } | undefined;

  /** Returns a recent status. Rejects when the watcher fails. @param now Unix ms */
  async read(now: number, ask: () => Promise<WatcherStatus>): Promise<WatcherStatus> {
    if (this.#last !== undefined && now - this.#last.at < CACHED_MS) return this.#last.status;
    const status = await ask();
    this.#last = { status, at: now };
    return status;
  }

  /** The last status that the watcher gave, however old. */
  get last(): WatcherStatus | undefined {
    return this.#last?.status;
  }
}
