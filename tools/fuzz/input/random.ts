/** Returns a 32-bit FNV-1a hash of a text. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** A deterministic stream of numbers (xorshift128). One case of one target has one stream, so each case replays alone. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number, target: string, number: number) {
    this.#a = seed >>> 0;
    this.#b = hashOf(target);
    this.#c = number >>> 0;
    this.#d = 0x9e3779b9; // never all zero: xorshift would stay there
    for (let round = 0; round < 16; round += 1) this.u32();
  }

  u32(): number {
    let t = this.#d;
    const s = this.#a;
    this.#d = this.#c;
    this.#c = this.#b;
    this.#b = s;
    t ^= t << 11;
    t ^= t >>> 8;
    this.#a = (t ^ s ^ (s >>> 19)) >>> 0;
    return this.#a;
  }

  /** Returns a whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return limit <= 0 ? 0 : this.u32() % limit;
  }

  /** Returns true once in `times` draws on average. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  /** Returns one item. Throws RangeError when the list is empty. */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.u32() & 0xff);
  }
}
