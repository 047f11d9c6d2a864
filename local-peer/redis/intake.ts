import type { Log } from '../ports.ts';

const RETRY_MS = 250;
const BATCH = 32;
/** Signing keeps the processor: sockets and timers get their turn after so many entries, which travel together. */
const BURST = 8;
/** Entries worked on at once: many, so that those that wait for a look-up or a relay hold up nobody. */
const MOST_AT_ONCE = 1_024;
/** And so many of their characters, give or take a batch. */
const MOST_SIZE = 64 * 2 ** 20;

/** What an intake reads from. */
export interface EntryQueue<Entry> {
  /** Waits some seconds for entries, and claims them. @throws when Redis is away: `leftovers` comes first then */
  claim(most: number): AsyncIterable<Entry>;
  leftovers(): AsyncIterable<Entry>;
  stop(): void;
}

/** Claims the entries of one queue as they come, after those that a crash has left. */
export class Intake<Entry extends { readonly size: number }> {
  readonly #queue: EntryQueue<Entry>;
  readonly #process: (entry: Entry) => Promise<void>;
  readonly #log: Log;
  readonly #work = new Set<Promise<void>>();
  #size = 0;
  /** Begun with since sockets and timers had their turn. */
  #burst = 0;
  readonly #stopped = Promise.withResolvers<void>();
  readonly #resumed = Promise.withResolvers<void>();
  #isStopping = false;

  /** @param process deals with an entry; what it throws is logged, and the entry left for the next start */
  constructor(queue: EntryQueue<Entry>, process: (entry: Entry) => Promise<void>, log: Log) {
    this.#queue = queue;
    this.#process = process;
    this.#log = log;
  }

  /** Resolves when work on what a crash has left has begun; or when Redis fails, or it is stopped, before. */
  get resumed(): Promise<void> {
    return this.#resumed.promise;
  }

  /** Runs until `stop`; ends when what it began with has been dealt with. */
  async run(): Promise<void> {
    // A Redis that is away must not keep us from stopping: what it still gives then is left for the next start.
    await Promise.race([this.#loop(), this.#stopped.promise]);
    await Promise.all(this.#work);
  }

  /** Takes no more. */
  stop(): void {
    this.#isStopping = true;
    this.#stopped.resolve();
    this.#resumed.resolve();
    this.#queue.stop();
  }

  async #loop(): Promise<void> {
    // After a lost answer of Redis, entries may be claimed that the peer does not know of.
    let isCertain = false;
    while (!this.#isStopping) {
      try {
        if (!isCertain) for await (const entry of this.#queue.leftovers()) await this.#begin(entry);
        isCertain = true;
        // The leftover that began last has its first turn before.
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

  /** Begins with an entry as soon as there is room. */
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
    if (this.#burst < BURST) return;
    this.#burst = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
