import type { CustodyEnd } from '../../../client/ports.ts';

/** Envelopes that wait for their receipts at once, and their bytes. */
const MOST = 10_000;
const MOST_BYTES = 64 * 2 ** 20;

/** Envelopes that left and wait for their receipts. Redis keeps their entries meanwhile. */
export class Receipts {
  readonly #onFault: (error: unknown) => void;
  readonly #most: number;
  readonly #mostBytes: number;
  readonly #waiting = new Set<Promise<void>>();
  #bytes = 0;
  /** Resolves when there is room again; undefined while there is. */
  #room: PromiseWithResolvers<void> | undefined;

  /** @param onFault receives an error when Redis could not be told how custody ended */
  constructor(onFault: (error: unknown) => void, most = MOST, mostBytes = MOST_BYTES) {
    this.#onFault = onFault;
    this.#most = most;
    this.#mostBytes = mostBytes;
  }

  /**
   * Follows an envelope to the end of its custody.
   * @param end acts on that end; after an exception the entry stays for the next start
   * @returns resolves when there is room for one more: until then, its entry counts as in work
   */
  async follow(size: number, custody: Promise<CustodyEnd>, end: (end: CustodyEnd) => Promise<void>): Promise<void> {
    const waiting = custody
      .then(end)
      .catch(this.#onFault)
      .finally(() => {
        this.#waiting.delete(waiting);
        this.#bytes -= size;
        if (this.#isFull) return;
        this.#room?.resolve();
        this.#room = undefined;
      });
    this.#waiting.add(waiting);
    this.#bytes += size;
    while (this.#isFull) {
      this.#room ??= Promise.withResolvers<void>();
      await this.#room.promise;
    }
  }

  /** Resolves when no envelope waits any more. */
  async done(): Promise<void> {
    while (this.#waiting.size > 0) await Promise.all(this.#waiting);
  }

  get #isFull(): boolean {
    return this.#waiting.size >= this.#most || this.#bytes >= this.#mostBytes;
  }
}
