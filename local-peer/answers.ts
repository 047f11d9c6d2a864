/** Kept of answers, bytes: at 1 KB each, those of the last seconds under full load, of minutes otherwise. */
const MOST_BYTES = 8 * 2 ** 20;

/**
 * Answers that were sent, for callers that ask again: a caller's peer that crashed before it had the answer in
 * Redis sends its request again, under the same uid. The service must not see it twice, and the caller must not
 * wait in vain. The very bytes are kept, so that who has them already can tell.
 */
export class SentAnswers {
  readonly #most: number;
  readonly #kept = new Map<string, Uint8Array[]>();
  #bytes = 0;

  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  /** An answer to a twin's request has been sent; the oldest make room for it. */
  add(twin: number, uid: string, frame: Uint8Array): void {
    if (frame.length > this.#most) return;
    const key = keyOf(twin, uid);
    const before = this.#kept.get(key);
    // At the end: a service may answer one request many times.
    this.#kept.delete(key);
    this.#kept.set(key, [...(before ?? []), frame]);
    this.#bytes += frame.length;
    for (const [oldest, frames] of this.#kept) {
      if (this.#bytes <= this.#most) break;
      this.#kept.delete(oldest);
      for (const { length } of frames) this.#bytes -= length;
    }
  }

  /** What was answered to this request, in order. */
  find(twin: number, uid: string): readonly Uint8Array[] {
    return this.#kept.get(keyOf(twin, uid)) ?? [];
  }
}

function keyOf(twin: number, uid: string): string {
  return `${twin}/${uid}`;
}
