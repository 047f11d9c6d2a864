import type { Socket } from 'node:net';

/** What a link does to one way of it. */
export interface Condition {
  /** Whether nothing passes. */
  isHoled: boolean;
  /** Bytes that pass in a second, for each connection; absent: all. */
  bytesPerSecond?: number | undefined;
  /** ms by which each chunk comes later. */
  readonly delayMs: number;
}

/** Bytes that a link holds for one connection and way, like the buffers of the systems at both ends. */
const MOST_HELD_BYTES = 256 * 2 ** 10;
/** A trickle passes some bytes this often. */
const TRICKLE_MS = 100;

/** A chunk, or the end of the stream, as it waits in the link. */
interface Held {
  readonly chunk: Buffer | 'end' | 'reset';
  readonly passesAt: number;
}

/**
 * One way of one connection. Bytes that a link holds back are late, not gone: TCP would send them again. When the link
 * forgets the connection, they are gone, and neither end learns it.
 */
export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #condition: Condition;
  #held: Held[] = [];
  #bytes = 0;
  #isForgotten = false;
  #trickledAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, condition: Condition) {
    this.#from = from;
    this.#to = to;
    this.#condition = condition;
    from.on('data', (chunk: Buffer) => {
      this.#hold(chunk, chunk.length);
      if (this.#bytes > MOST_HELD_BYTES) from.pause();
    });
    from.on('end', () => this.#hold('end', 0));
    from.on('error', () => this.#hold('reset', 0));
    to.on('drain', () => this.pass());
  }

  /** Passes on what the condition of the link allows now; the rest when it allows more. */
  pass(): void {
    clearTimeout(this.#timer);
    const { isHoled, bytesPerSecond } = this.#condition;
    if (isHoled || this.#isForgotten || this.#to.connecting) return;
    const now = Date.now();
    if (bytesPerSecond === undefined) this.#passUpTo(Number.POSITIVE_INFINITY, now);
    else if (now >= this.#trickledAt + TRICKLE_MS) {
      this.#passUpTo(Math.ceil((bytesPerSecond * TRICKLE_MS) / 1000), now);
      this.#trickledAt = now;
    }
    if (this.#bytes <= MOST_HELD_BYTES) this.#from.resume();
    const [next] = this.#held;
    // `drain` passes the rest otherwise.
    if (next === undefined || this.#to.writableNeedDrain) return;
    const at = Math.max(next.passesAt, bytesPerSecond === undefined ? 0 : this.#trickledAt + TRICKLE_MS);
    this.#timer = setTimeout(() => this.pass(), Math.max(1, at - now));
  }

  /** Nothing passes any more, and neither end learns that the other has gone. */
  forget(): void {
    this.#isForgotten = true;
    this.#held = [];
  }

  /** Drops what is held, and its timer. */
  close(): void {
    clearTimeout(this.#timer);
    this.#held = [];
  }

  #hold(chunk: Held['chunk'], bytes: number): void {
    this.#held.push({ chunk, passesAt: Date.now() + this.#condition.delayMs });
    this.#bytes += bytes;
    this.pass();
  }

  #passUpTo(most: number, now: number): void {
    let left = most;
    for (let [next] = this.#held; next !== undefined && left > 0; [next] = this.#held) {
      if (next.passesAt > now || this.#to.writableNeedDrain) return;
      if (next.chunk === 'end') this.#to.end();
      else if (next.chunk === 'reset') this.#to.resetAndDestroy();
      else if (next.chunk.length > left) {
        this.#to.write(next.chunk.subarray(0, left));
        this.#held[0] = { ...next, chunk: next.chunk.subarray(left) };
        this.#bytes -= left;
        return;
      } else {
        this.#to.write(next.chunk);
        this.#bytes -= next.chunk.length;
        left -= next.chunk.length;
      }
      this.#held.shift();
    }
  }
}
