/** Why bytes are invalid. The decoder that opened the reader catches it. */
export class ScaleFault extends Error {
  override readonly name = 'ScaleFault';
}

/**
 * Reads SCALE values one after the other. Each is checked against the remaining bytes before anything is allocated.
 * @throws ScaleFault from every method, when the bytes are invalid
 */
export class ScaleReader {
  readonly #data: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  /** Returns the number of remaining bytes. */
  get left(): number {
    return this.#data.length - this.#at;
  }

  /** Returns the position of the next value. */
  get at(): number {
    return this.#at;
  }

  /** Returns a view on the bytes that were read since `start`. */
  since(start: number): Uint8Array {
    return this.#data.subarray(start, this.#at);
  }

  /** Reads a copy of the next `length` bytes. */
  take(length: number): Uint8Array {
    return this.#data.slice(this.skip(length), this.#at);
  }

  /** Skips the next `length` bytes. Returns their position. */
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

  /** Returns the next four bytes as a u32, without reading them. */
  peekU32(): number {
    if (this.left < 4) throw new ScaleFault(`4 bytes expected at ${this.#at}, ${this.left} left`);
    return this.#view.getUint32(this.#at, true);
  }

  /** Reads a compact integer below 2^30. No valid length is larger, because answers are far smaller. */
  length(): number {
    const first = this.u8();
    const mode = first & 3;
    if (mode === 0) return first >>> 2;
    if (mode === 1) return (first >>> 2) | (this.u8() << 6);
    if (mode === 3) throw new ScaleFault('a length of 2^30 or more');
    return ((first >>> 2) | (this.u8() << 6) | (this.u8() << 14) | (this.u8() << 22)) >>> 0;
  }

  /** Skips a compact integer of any size. */
  skipCompact(): void {
    const first = this.u8();
    this.skip([0, 1, 3, (first >>> 2) + 4][first & 3] ?? 0);
  }

  /** Reads a `Vec<u8>`. */
  bytes(): Uint8Array {
    return this.take(this.length());
  }

  /** Reads an `Option<T>`; None is null. */
  option<T>(read: () => T): T | null {
    const tag = this.u8();
    if (tag === 0) return null;
    if (tag === 1) return read();
    throw new ScaleFault(`an option tag of ${tag}`);
  }

  /** Checks that no bytes remain. */
  end(): void {
    if (this.left > 0) throw new ScaleFault(`${this.left} bytes too many`);
  }
}
