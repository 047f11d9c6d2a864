/** Kept of answers, bytes: at 1 KB each, those of the last seconds under full load, of minutes otherwise. */
const MOST_BYTES = 8 * 2 ** 20;

/** Where an answer was written, counted from the first byte that ever was. */
interface Place {
  readonly start: number;
  readonly length: number;
}

/**
 * Answers that were sent, for callers that ask again: a caller's peer that crashed before it had the answer in
 * Redis sends its request again, under the same uid. The service must not see it twice, and the caller must not
 * wait in vain. The very bytes are kept, so that who has them already can tell. They lie one behind the other in one
 * buffer, and over those of before: 20,000 arrays of their own took twice its memory, and time to collect.
 */
export class SentAnswers {
  readonly #most: number;
  #buffer: Buffer | undefined;
  /** By when their last answer came, the oldest first: a service may answer one request many times. */
  readonly #kept = new Map<string, Place[]>();
  /** Bytes that were ever written, and left out at the buffer's end. */
  #written = 0;
  /** As many when what is not there any more was last looked for. */
  #swept = 0;

  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  /** An answer to a twin's request has been sent; the oldest make room for it. */
  add(twin: number, uid: string, frame: Uint8Array): void {
    if (frame.length > this.#most) return;
    const key = keyOf(twin, uid);
    const before = this.#kept.get(key) ?? [];
    const place = this.#write(frame);
    this.#kept.delete(key);
    this.#kept.set(key, [...before.filter((each) => this.#isThere(each)), place]);
    if (this.#written - this.#swept > this.#most / 64) this.#sweep();
  }

  /** What was answered to this request, in order; of many answers those that are still there. */
  find(twin: number, uid: string): readonly Uint8Array[] {
    const places = this.#kept.get(keyOf(twin, uid)) ?? [];
    return places.filter((each) => this.#isThere(each)).map((each) => this.#read(each));
  }

  /** Forgets whose answers are not there any more. Not for each that is added: a map begins with the places of those that left. */
  #sweep(): void {
    this.#swept = this.#written;
    for (const [oldest, places] of this.#kept) {
      const last = places.at(-1);
      if (last !== undefined && this.#isThere(last)) break;
      this.#kept.delete(oldest);
    }
  }

  #write(frame: Uint8Array): Place {
    this.#buffer ??= Buffer.allocUnsafeSlow(this.#most);
    const left = this.#most - (this.#written % this.#most);
    // None is cut in two.
    if (left < frame.length) this.#written += left;
    const start = this.#written;
    this.#buffer.set(frame, start % this.#most);
    this.#written += frame.length;
    return { start, length: frame.length };
  }

  /** A copy: what is given is sent when its turn has come. */
  #read({ start, length }: Place): Uint8Array {
    const from = start % this.#most;
    return new Uint8Array(this.#buffer?.subarray(from, from + length) ?? []);
  }

  #isThere({ start }: Place): boolean {
    return this.#written - start <= this.#most;
  }
}

function keyOf(twin: number, uid: string): string {
  return `${twin}/${uid}`;
}
