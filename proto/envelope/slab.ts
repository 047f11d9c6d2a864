const utf8 = new TextEncoder();

/** Bytes of a slab: the texts of some ten envelopes. */
const SLAB_BYTES = 8_192;
/** UTF-8 takes at most this many bytes for one UTF-16 unit. */
const MOST_BYTES_A_UNIT = 3;

let slab = new Uint8Array(SLAB_BYTES);
let used = 0;

/**
 * Calls `write` with room for `most` bytes. Returns the bytes that it wrote. Results share a slab and never overlap: a new
 * array would cost more than the short text in it.
 */
export function written(most: number, write: (bytes: Uint8Array) => number): Uint8Array {
  if (most > SLAB_BYTES) {
    const bytes = new Uint8Array(most);
    return bytes.subarray(0, write(bytes));
  }
  if (most > SLAB_BYTES - used) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  const from = used;
  used += write(slab.subarray(from));
  return slab.subarray(from, used);
}

/** Returns the most bytes that a text may have in UTF-8. */
export function mostBytes(text: string): number {
  return MOST_BYTES_A_UNIT * text.length;
}

/** Returns a text in UTF-8. */
export function utf8Bytes(text: string): Uint8Array {
  return written(mostBytes(text), (bytes) => utf8.encodeInto(text, bytes).written);
}
