/** How much may wait: items, and the bytes they stand for. */
export interface QueueLimits {
  readonly items: number;
  readonly bytes: number;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly bytes: number;
}

/** What waits for one owner, and its bytes. */
interface Line<Item> {
  readonly waiting: Waiting<Item>[];
  bytes: number;
}

/**
 * Works on a number of items at once; the others wait. Owners take turns, and each may fill half of the queue:
 * otherwise one owner could keep out all others.
 */
export class WorkQueue<Owner, Item> {
  readonly #parallel: number;
  readonly #limits: QueueLimits;
  readonly #work: (item: Item) => Promise<void>;
  /** Owners with something waiting; the first one is next. */
  readonly #lines = new Map<Owner, Line<Item>>();
  #running = 0;
  #items = 0;
  #bytes = 0;

  /** @param work never rejects */
  constructor(parallel: number, limits: QueueLimits, work: (item: Item) => Promise<void>) {
    this.#parallel = parallel;
    this.#limits = limits;
    this.#work = work;
  }

  /** Takes an item of an owner; false when there is no room for it. */
  offer(owner: Owner, item: Item, bytes: number): boolean {
    if (this.#running < this.#parallel) {
      void this.#run(item);
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

  async #run(item: Item): Promise<void> {
    this.#running += 1;
    await this.#work(item);
    this.#running -= 1;
    const [next] = this.#lines;
    if (next !== undefined) void this.#runFirst(...next);
  }

  async #runFirst(owner: Owner, line: Line<Item>): Promise<void> {
    const first = line.waiting.shift();
    this.#lines.delete(owner);
    if (first === undefined) return;
    line.bytes -= first.bytes;
    this.#items -= 1;
    this.#bytes -= first.bytes;
    // Behind the others, which come first now.
    if (line.waiting.length > 0) this.#lines.set(owner, line);
    await this.#run(first.item);
  }
}
