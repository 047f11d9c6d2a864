/** Limits of a queue: items, and their bytes. */
export interface QueueLimits {
  readonly items: number;
  readonly bytes: number;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly bytes: number;
}

/** Waiting items of one owner, and their bytes. */
interface Line<Item> {
  readonly waiting: Waiting<Item>[];
  bytes: number;
}

/**
 * Processes a number of items at once; the others wait. Owners take turns. Each may fill half of the queue, and half of
 * the work in progress: otherwise one owner could keep out all others.
 */
export class WorkQueue<Owner, Item> {
  readonly #parallel: number;
  readonly #limits: QueueLimits;
  readonly #work: (item: Item) => Promise<void>;
  /** Owners with waiting items; the first one is next. */
  readonly #lines = new Map<Owner, Line<Item>>();
  /** Owner → its items in progress. */
  readonly #under = new Map<Owner, number>();
  #running = 0;
  #items = 0;
  #bytes = 0;

  /** @param work never rejects */
  constructor(parallel: number, limits: QueueLimits, work: (item: Item) => Promise<void>) {
    this.#parallel = parallel;
    this.#limits = limits;
    this.#work = work;
  }

  /** Takes an item of an owner. Returns false when there is no room for it. */
  offer(owner: Owner, item: Item, bytes: number): boolean {
    if (this.#running < this.#parallel && this.#mayRun(owner)) {
      void this.#run(owner, item);
      return true;
    }
    const line = this.#lines.get(owner) ?? { waiting: [], bytes: 0 };
    const { items: mostItems, bytes: mostBytes } = this.#limits;
    if (this.#items >= mostItems || this.#bytes + bytes > mostBytes) return false;
    if (line.waiting.length >= mostItems / 2 || line.bytes + bytes > mostBytes / 2) return false;
    line.waiting.push({ item, bytes });
    line.bytes += bytes;
    this.#items += 1;
    this.#bytes += bytes;
    this.#lines.set(owner, line);
    return true;
  }

  #mayRun(owner: Owner): boolean {
    return (this.#under.get(owner) ?? 0) < Math.max(1, Math.floor(this.#parallel / 2));
  }

  async #run(owner: Owner, item: Item): Promise<void> {
    this.#running += 1;
    this.#under.set(owner, (this.#under.get(owner) ?? 0) + 1);
    await this.#work(item);
    this.#running -= 1;
    const left = (this.#under.get(owner) ?? 0) - 1;
    if (left > 0) this.#under.set(owner, left);
    else this.#under.delete(owner);
    this.#runNext();
  }

  /** Starts the first item whose owner may have one more in progress. */
  #runNext(): void {
    for (const [owner, line] of this.#lines) {
      if (!this.#mayRun(owner)) continue;
      const first = line.waiting.shift();
      this.#lines.delete(owner);
      if (first === undefined) continue;
      line.bytes -= first.bytes;
      this.#items -= 1;
      this.#bytes -= first.bytes;
      // The owner goes behind the others.
      if (line.waiting.length > 0) this.#lines.set(owner, line);
      return void this.#run(owner, first.item);
    }
  }
}
