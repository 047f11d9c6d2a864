/** What the bytes were too short, too long or too strange for. Caught by the decoder that opened the reader. */
export class ScaleFault extends Error {
  override readonly name = 'ScaleFault';
}

/**
 * Reads SCALE values one after the other, each checked against what is left before anything is allocated.
 * @throws ScaleFault, from every method
 */
export class ScaleReader {
  readonly #data: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get left(): number {
    return this.#data.length - this.#at;
  }

  /** Where the next value begins. */
  get at(): number {
    return this.#at;
  }

  /** What was read since `start`: a view. */
  since(start: number): Uint8Array {
    return this.#data.subarray(start, this.#at);
  }

  /** A copy of the next `length` bytes. */
  take(length: number): Uint8Array {
    return this.#data.slice(this.skip(length), this.#at);
  }

  /** Passes over the next `length` bytes; where they begin. */
  skip(length: number): number {
    if (length > this.left) throw new ScaleFault(`${length} bytes expected at ${this.#at}, ${this.left} left`);
    const start = this.#at;
    this.#at += length;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  u128(): bigint {
    const at = this.skip(16);
    return this.#view.getBigUint64(at, true) + (this.#view.getBigUint64(at + 8, true) << 64n);
  }

  /** The next four bytes as a u32, which stay to be read. */
  peekU32(): number {
    if (this.left < 4) throw new ScaleFault(`4 bytes expected at ${this.#at}, ${this.left} left`);
    return this.#view.getUint32(this.#at, true);
  }

  /** A compact integer below 2^30: lengths here are bounded by the answer's size, which is far smaller. */
  length(): number {
    const first = this.u8();
    const mode = first & 3;
    if (mode === 0) return first >>> 2;
    if (mode === 1) return (first >>> 2) | (this.u8() << 6);
    if (mode === 3) throw new ScaleFault('a length of 2^30 or more');
    return ((first >>> 2) | (this.u8() << 6) | (this.u8() << 14) | (this.u8() << 22)) >>> 0;
  }

  /** Passes over a compact integer of any size. */
  skipCompact(): void {
    const first = this.u8();
    this.skip([0, 1, 3, (first >>> 2) + 4][first & 3] ?? 0);
  }

  /** `Vec<u8>`. */
  bytes(): Uint8Array {
    return this.take(this.length());
  }

  /** `Option<T>`; None is null. */
  option<T>(read: () => T): T | null {
    const tag = this.u8();
    if (tag === 0) return null;
    if (tag === 1) return read();
    throw new ScaleFault(`an option tag of ${tag}`);
  }

  /** Asserts that nothing is left. */
  end(): void {
    if (this.left > 0) throw new ScaleFault(`${this.left} bytes too many`);
  }
}
