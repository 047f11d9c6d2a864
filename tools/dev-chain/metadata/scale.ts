/** The few SCALE encodings that the chain writes itself. Integers are little-endian. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** Encodes a length below 2^30. */
export function compact(value: number): Uint8Array {
  if (value < 1 << 6) return new Uint8Array([value << 2]);
  if (value < 1 << 14) return new Uint8Array([(value << 2) | 1, value >> 6].map((byte) => byte & 255));
  return u32((value << 2) | 2);
}

/** Returns the bytes after a compact length; the length itself is not checked. */
export function withoutLength(bytes: Uint8Array): Uint8Array {
  const width = [1, 2, 4, 5][(bytes[0] ?? 0) & 3] ?? 1;
  return bytes.slice(width);
}

export function vector(bytes: Uint8Array): Uint8Array {
  return concat(compact(bytes.length), bytes);
}

export function option(bytes: Uint8Array | null): Uint8Array {
  return bytes === null ? new Uint8Array([0]) : concat(new Uint8Array([1]), vector(bytes));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function toHex(bytes: Uint8Array): `0x${string}` {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
