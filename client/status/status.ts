import { partOf, type StatusEvent } from './status-event.ts';

/** The latest state of each part, and those who read its changes. */
export class Status {
  readonly #latest = new Map<string, StatusEvent>();
  readonly #readers = new Set<StatusReader>();
  #isEnded = false;

  /** A part has this state now. A state that is no news is dropped. */
  set(event: StatusEvent): void {
    const part = partOf(event);
    if (JSON.stringify(this.#latest.get(part)) === JSON.stringify(event)) return;
    this.#latest.set(part, event);
    for (const reader of this.#readers) reader.put(event);
  }

  /** Returns the state of each part and each later change. The reader counts from its first read on. */
  read(): AsyncIterableIterator<StatusEvent> {
    const reader: StatusReader = new StatusReader({
      begin: () => {
        if (this.#isEnded) return reader.end();
        this.#readers.add(reader);
        for (const event of this.#latest.values()) reader.put(event);
      },
      left: () => void this.#readers.delete(reader),
    });
    return reader;
  }

  /** Ends every reader, now and later. */
  end(): void {
    this.#isEnded = true;
    for (const reader of this.#readers) reader.end();
  }
}

/** Reads of one reader. What it has not read yet is kept once for each part: a slow reader costs no memory. */
class StatusReader implements AsyncIterableIterator<StatusEvent> {
  readonly #port: { begin(): void; left(): void };
  readonly #unread = new Map<string, StatusEvent>();
  #waiting: ((result: IteratorResult<StatusEvent>) => void)[] = [];
  #state: 'new' | 'reading' | 'ended' = 'new';

  constructor(port: { begin(): void; left(): void }) {
    this.#port = port;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  put(event: StatusEvent): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next({ done: false, value: event });
      return;
    }
    const part = partOf(event);
    // As the latest: events come in the order in which they happened.
    this.#unread.delete(part);
    this.#unread.set(part, event);
  }

  async next(): Promise<IteratorResult<StatusEvent>> {
    if (this.#state === 'new') {
      this.#state = 'reading';
      this.#port.begin();
    }
    const [first] = this.#unread;
    if (first !== undefined) {
      this.#unread.delete(first[0]);
      return { done: false, value: first[1] };
    }
    if (this.#state === 'ended') return DONE;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async return(): Promise<IteratorResult<StatusEvent>> {
    this.#unread.clear();
    this.end();
    return DONE;
  }

  /** No more events come. Those that are unread can still be read. */
  end(): void {
    this.#state = 'ended';
    this.#port.left();
    for (const resolve of this.#waiting.splice(0)) resolve(DONE);
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
