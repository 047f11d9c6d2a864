import type { StreamPart } from '../../proto/stream/tags.ts';
import { RmbError } from '../errors.ts';

/** A lost connection delays a reply by some seconds: one that is missing for longer is lost, ms. */
const GAP_MS = 15_000;

/** Replies of a stream that its program has not read yet, in order. */
export class ReplyInbox<Reply> {
  /** By number. */
  readonly #held = new Map<number, Reply | RmbError>();
  #limit: number;
  #next = 0;
  #last: number | undefined;
  #failure: RmbError | undefined;
  #wake: () => void = () => undefined;

  /** @param limit replies with a lower number are taken */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Number of replies that the program has read. */
  get read(): number {
    return this.#next;
  }

  /** Whether the program has read the last reply. */
  get isComplete(): boolean {
    return this.#last !== undefined && this.#next > this.#last;
  }

  /** Takes replies up to this number from now on. */
  allow(limit: number): void {
    this.#limit = limit;
  }

  /** Takes a reply. Returns false for a repeat, and for a reply that nobody allowed. An error needs no credit. */
  take({ seq, isLast }: StreamPart, reply: Reply | RmbError): boolean {
    const limit = reply instanceof RmbError ? this.#limit + 1 : this.#limit;
    if (seq < this.#next || seq >= limit || this.#held.has(seq) || seq > (this.#last ?? seq)) return false;
    this.#held.set(seq, reply);
    if (isLast) this.#last = seq;
    this.#wake();
    return true;
  }

  /** Takes a reply of a peer that does not stream: it is the only one. Returns false in a stream that has begun. */
  takeOnly(reply: Reply): boolean {
    return this.#next === 0 && this.#held.size === 0 && this.take({ seq: 0, isLast: true }, reply);
  }

  /** Ends the stream after the replies that are here in order. */
  fail(error: RmbError): void {
    this.#failure ??= error;
    this.#wake();
  }

  /**
   * Resolves with the next reply, and undefined at the end.
   * Throws the error that ends the stream; `incomplete` when a reply is missing for 15 s while a later one is here.
   */
  async next(): Promise<Reply | undefined> {
    for (;;) {
      const reply = this.#held.get(this.#next);
      if (reply !== undefined) {
        this.#held.delete(this.#next);
        this.#next += 1;
        if (reply instanceof RmbError) throw reply;
        return reply;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.isComplete) return undefined;
      await this.#change();
    }
  }

  /** Resolves when something came. */
  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = this.#held.size > 0 ? setTimeout(() => this.fail(this.#gap()), GAP_MS) : undefined;
    await promise;
    clearTimeout(timer);
  }

  #gap(): RmbError {
    const later = Math.max(...this.#held.keys());
    const why = `reply ${this.#next} of the stream is missing, reply ${later} came ${GAP_MS / 1000} s ago`;
    return new RmbError('incomplete', `${why}: ask again`);
  }
}
