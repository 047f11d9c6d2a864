import type { Log } from '../../../client/ports.ts';

const RETRY_MS = 250;
/** Entries of one claim: a busy peer sees Redis’s answers late. */
const BATCH = 128;
/** The least entries between two turns of the event loop: signing blocks it, and sockets and timers need their turn. */
const BURST = 8;
/** The longest burst, ms: a keep-alive must not wait for many of them. */
const LONGEST_BURST_MS = 100;
/** Entries in progress at once: entries that wait for a look-up or a relay must not hold up others. */
const MOST_AT_ONCE = 1_024;
/** Characters of entries in progress, give or take a batch. */
const MOST_SIZE = 64 * 2 ** 20;

/** Source of an intake. */
export interface EntryQueue<Entry> {
  /** Waits some seconds for entries, and claims them. @throws when Redis is away: `leftovers` comes first then */
  claim(most: number): AsyncIterable<Entry>;
  leftovers(): AsyncIterable<Entry>;
  stop(): void;
}

/** Claims the entries of one queue, after those that a crash has left. */
export class Intake<Entry extends { readonly size: number }> {
  readonly #queue: EntryQueue<Entry>;
  readonly #process: (entry: Entry) => Promise<void>;
  readonly #log: Log;
  readonly #work = new Set<Promise<void>>();
  #size = 0;
  readonly #now: () => number;
  /** Entries started since the last turn of the event loop. */
  #burst = 0;
  /** Until then entries may start without another turn, ms. */
  #burstUntil = 0;
  readonly #stopped = Promise.withResolvers<void>();
  readonly #resumed = Promise.withResolvers<void>();
  #isStopping = false;

  /**
   * @param process processes an entry; an exception is logged, and the entry stays for the next start
   * @param now ms of one clock
   */
  constructor(
    queue: EntryQueue<Entry>,
    process: (entry: Entry) => Promise<void>,
    log: Log,
    now: () => number = () => performance.now(),
  ) {
    this.#now = now;
    this.#queue = queue;
    this.#process = process;
    this.#log = log;
  }

  /** Resolves when the entries of a crash are in progress; or when Redis fails, or the intake stops, before. */
  get resumed(): Promise<void> {
    return this.#resumed.promise;
  }

  /** Runs until `stop`. Resolves when every started entry has been processed. */
  async run(): Promise<void> {
    // A Redis that is away must not block the stop: entries that it still returns stay for the next start.
    await Promise.race([this.#loop(), this.#stopped.promise]);
    await Promise.all(this.#work);
  }

  /** Claims no more. */
  stop(): void {
    this.#isStopping = true;
    this.#stopped.resolve();
    this.#resumed.resolve();
    this.#queue.stop();
  }

  async #loop(): Promise<void> {
    // After a lost answer of Redis, the hash may have claimed entries that this process does not know.
    let isCertain = false;
    while (!this.#isStopping) {
      try {
        if (!isCertain) for await (const entry of this.#queue.leftovers()) await this.#begin(entry);
        isCertain = true;
        // The last leftover has its first turn before.
        setImmediate(this.#resumed.resolve);
        for await (const entry of this.#queue.claim(BATCH)) await this.#begin(entry);
      } catch (error) {
        if (this.#isStopping) break;
        isCertain = false;
        this.#resumed.resolve();
        this.#log.debug({ error: messageOf(error) }, 'Redis: cannot read, trying again');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Starts an entry as soon as there is room. */
  async #begin(entry: Entry): Promise<void> {
    if (this.#isStopping) return;
    const { size } = entry;
    const work = this.#process(entry)
      .catch((error: unknown) => {
        this.#log.error({ error: messageOf(error) }, 'failed to process an entry');
      })
      .finally(() => {
        this.#work.delete(work);
        this.#size -= size;
      });
    this.#work.add(work);
    this.#size += size;
    while (this.#work.size >= MOST_AT_ONCE || this.#size >= MOST_SIZE) await Promise.race(this.#work);
    this.#burst += 1;
    if (this.#burst >= BURST && this.#now() >= this.#burstUntil) await this.#turn();
  }

  /**
   * Gives the rest of the process a turn, and takes as long a time after it as that took. A peer that is full of work
   * would otherwise take ever more requests, and send hardly any reply to them before they expire.
   */
  async #turn(): Promise<void> {
    const left = this.#now();
    await new Promise((resolve) => setImmediate(resolve));
    const back = this.#now();
    this.#burst = 0;
    this.#burstUntil = back + Math.min(back - left, LONGEST_BURST_MS);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
