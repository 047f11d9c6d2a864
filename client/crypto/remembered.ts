/** Bytes as a map or a set can find them: one character each. */
function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** What was made of some bytes, for the `most` of them that were used last: so many twins does a peer speak to. */
export class Remembered<V> {
  readonly #most: number;
  readonly #make: (bytes: Uint8Array) => V;
  readonly #entries = new Map<string, V>();
  #newest: { readonly key: string; readonly value: V } | undefined;

  /** @param make throws when nothing can be made of them; that is not remembered */
  constructor(most: number, make: (bytes: Uint8Array) => V) {
    this.#most = most;
    this.#make = make;
  }

  of(bytes: Uint8Array): V {
    const key = keyOf(bytes);
    if (this.#newest?.key === key) return this.#newest.value;
    const known = this.#entries.get(key);
    const value = known ?? this.#make(bytes);
    // A map keeps the order of insertion, so the entry that was used last is dropped last.
    this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#newest = { key, value };
    if (this.#entries.size > this.#most) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    return value;
  }
}
