/**
 * The part of protobufjs that proto/codec.js calls, in a fifth of its size. The build of the package puts it in the
 * place of `protobufjs/minimal.js`, because a page loads what it need not read. Its test holds it to the library.
 */

const FIRST_SIZE = 128;
/** As protoc: more groups in each other are refused. */
const RECURSION_LIMIT = 100;
const OUT_OF_RANGE = 'index out of range';
const NO_FIELD = 'illegal tag: field number 0';
const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The two halves of a 64-bit number. */
class Long {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
  constructor(low: number, high: number, unsigned: boolean) {
    this.low = low;
    this.high = high;
    this.unsigned = unsigned;
  }
  static fromBits(low: number, high: number, unsigned: boolean): Long {
    return new Long(low, high, unsigned);
  }
}

class Reader {
  static readonly recursionLimit = RECURSION_LIMIT;
  readonly discardUnknown = true;
  readonly buf: Uint8Array;
  pos = 0;
  len: number;

  constructor(buf: Uint8Array) {
    this.buf = buf;
    this.len = buf.length;
  }

  uint32(): number {
    let value = 0;
    for (let n = 0; n < 10; n += 1) {
      const byte = this.#byte();
      // Bits above the 32nd are dropped.
      if (n < 5) value |= (byte & 127) << (7 * n);
      if (byte < 128) return value >>> 0;
    }
    throw new Error('invalid varint encoding');
  }

  tag(): number {
    return this.#short(15, 'invalid tag encoding');
  }

  size(): number {
    return this.#short(7, 'invalid length encoding');
  }

  uint64(): Long {
    let low = 0;
    let high = 0;
    for (let n = 0; n < 10; n += 1) {
      const byte = this.#byte();
      const bits = byte & 127;
      if (n < 5) low |= bits << (7 * n);
      if (n === 4) high = bits >> 4;
      if (n > 4) high |= bits << (7 * n - 32);
      if (byte < 128) return new Long(low, high, true);
    }
    throw new Error('invalid varint encoding');
  }

  bytes(): Uint8Array {
    const size = this.size();
    const start = this.pos;
    this.skip(size);
    return this.buf.subarray(start, this.pos);
  }

  stringVerify(): string {
    return strictUtf8.decode(this.bytes());
  }

  /** Skips so many bytes; without a number, a varint. */
  skip(bytes?: number): this {
    if (bytes === undefined) while (this.#byte() > 127);
    else if (this.pos + bytes > this.len) throw new RangeError(OUT_OF_RANGE);
    else this.pos += bytes;
    return this;
  }

  skipType(form: number, depth = 0, field?: number): this {
    if (depth > RECURSION_LIMIT) throw new Error('max depth exceeded');
    if (field === 0) throw new Error(NO_FIELD);
    if (form === 0) return this.skip();
    if (form === 1) return this.skip(8);
    if (form === 2) return this.skip(this.size());
    if (form === 5) return this.skip(4);
    if (form !== 3) throw new Error(`invalid wire type ${form} at offset ${this.pos}`);
    for (;;) {
      const tag = this.tag();
      const nested = tag >>> 3;
      if (nested === 0) throw new Error(NO_FIELD);
      if ((tag & 7) !== 4) this.skipType(tag & 7, depth + 1, nested);
      else if (field === undefined || nested === field) return this;
      else throw new Error('invalid end group tag');
    }
  }

  /** Reads a varint of at most five bytes. @param most the largest fifth byte */
  #short(most: number, fault: string): number {
    let value = 0;
    for (let n = 0; n < 5; n += 1) {
      const byte = this.#byte();
      if (n === 4 && byte > most) throw new Error(fault);
      value |= (byte & 127) << (7 * n);
      if (byte < 128) break;
    }
    return value >>> 0;
  }

  #byte(): number {
    const byte = this.pos < this.len ? this.buf[this.pos] : undefined;
    if (byte === undefined) throw new RangeError(OUT_OF_RANGE);
    this.pos += 1;
    return byte;
  }
}

class Writer {
  #bytes = new Uint8Array(FIRST_SIZE);
  #at = 0;
  /** Where the lengths of open messages go. */
  readonly #open: number[] = [];

  uint32(value: number): this {
    return this.uint64({ low: value, high: 0 });
  }

  uint64(value: { readonly low: number; readonly high: number }): this {
    let low = value.low >>> 0;
    let high = value.high >>> 0;
    this.#reserve(10);
    while (high > 0 || low > 127) {
      this.#bytes[this.#at++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#bytes[this.#at++] = low;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.uint32(value.length).#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  string(value: string): this {
    return this.bytes(utf8.encode(value));
  }

  /** Begins a message, whose length is unknown until `ldelim`. */
  fork(): this {
    this.#open.push(this.#at);
    return this;
  }

  ldelim(): this {
    const start = this.#open.pop() ?? 0;
    const message = this.#bytes.slice(start, this.#at);
    this.#at = start;
    return this.bytes(message);
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #reserve(size: number): void {
    const needed = this.#at + size;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

const util = {
  global: globalThis,
  Long,
  recursionLimit: RECURSION_LIMIT,
  emptyArray: [],
  // The name of the field that is set: nobody reads it.
  oneOfGetter: () => () => undefined,
  /** Returns a setter that removes all fields of a `oneof` but the named one. */
  oneOfSetter: (fields: readonly string[]) =>
    function (this: Record<string, unknown>, name: string) {
      for (const field of fields) if (field !== name) delete this[field];
    },
};

export default { Reader, Writer, util, roots: {} };
