import type { Replies } from './durable.ts';

/** Memory for replies, bytes: at 1 KB each, those of the last seconds under full load, of minutes otherwise. */
const MOST_BYTES = 8 * 2 ** 20;

/** Where a reply was written, counted from the first byte that was ever written. */
interface Place {
  readonly start: number;
  readonly length: number;
}

/**
 * Replies that were sent, for callers that ask again: a peer that crashed before it had the reply in Redis sends its
 * request again, under the same uid. The service must not see it twice, and the caller must not wait in vain. The same
 * bytes are sent again, so that a caller that has them can drop them. One ring buffer holds them: 20,000 arrays took
 * twice its memory, and time to collect.
 */
export class SentReplies implements Replies {
  readonly #most: number;
  #buffer: Uint8Array | undefined;
  /** Ordered by the last reply, the oldest first: a service may reply to one request many times. */
  readonly #kept = new Map<string, Place[]>();
  /** Bytes written so far, with those skipped at the buffer's end. */
  #written = 0;
  /** Value of `#written` at the last sweep. */
  #swept = 0;

  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  /** Keeps a reply to a twin's request; the oldest replies make room for it. */
  add(twin: number, uid: string, frame: Uint8Array): void {
    // A request without a uid is no repeat of another one.
    if (uid === '' || frame.length > this.#most) return;
    const key = requestKey(twin, uid);
    const places = this.#kept.get(key) ?? [];
    places.push(this.#write(frame));
    // In place, from the front: a copy for each reply of a long stream would take a time that grows with its square.
    const gone = places.findIndex((each) => this.#isThere(each));
    if (gone > 0) places.splice(0, gone);
    this.#kept.delete(key);
    this.#kept.set(key, places);
    if (this.#written - this.#swept > this.#most / 64) this.#sweep();
  }

  /** Returns the replies to this request that are still kept, in order. */
  find(twin: number, uid: string): readonly Uint8Array[] {
    const places = this.#kept.get(requestKey(twin, uid)) ?? [];
    return places.filter((each) => this.#isThere(each)).map((each) => this.#read(each));
  }

  /** Forgets requests whose replies were overwritten. Not on every `add`: a map keeps the slots of deleted entries. */
  #sweep(): void {
    this.#swept = this.#written;
    for (const [oldest, places] of this.#kept) {
      const last = places.at(-1);
      if (last !== undefined && this.#isThere(last)) break;
      this.#kept.delete(oldest);
    }
  }

  #write(frame: Uint8Array): Place {
    this.#buffer ??= new Uint8Array(this.#most);
    const left = this.#most - (this.#written % this.#most);
    // No reply wraps around.
    if (left < frame.length) this.#written += left;
    const start = this.#written;
    this.#buffer.set(frame, start % this.#most);
    this.#written += frame.length;
    return { start, length: frame.length };
  }

  /** Returns a copy: the buffer may be overwritten before the reply is sent. */
  #read({ start, length }: Place): Uint8Array {
    const from = start % this.#most;
    return this.#buffer?.slice(from, from + length) ?? new Uint8Array(0);
  }

  #isThere({ start }: Place): boolean {
    return this.#written - start <= this.#most;
  }
}

/** Returns the name of a twin's request: another twin may use the same uid. */
export function requestKey(twin: number, uid: string): string {
  return `${twin}/${uid}`;
}
