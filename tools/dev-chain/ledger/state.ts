import { toHex } from '../metadata/scale.ts';

/** Above this many changed keys a state makes a base of its own. */
const MAX_OVERLAY = 256;

/** The storage at one block: an immutable value. Neighbours share a base, so that a thousand blocks are cheap to keep. */
export class State {
  readonly #base: ReadonlyMap<string, string>;
  /** Differences from the base; null: removed. */
  readonly #overlay: ReadonlyMap<string, string | null>;
  /** Keys that changed since the previous block. */
  readonly changed: ReadonlySet<string>;

  constructor(
    base: ReadonlyMap<string, string> = new Map(),
    overlay: ReadonlyMap<string, string | null> = new Map(),
    changed: ReadonlySet<string> = new Set(),
  ) {
    this.#base = base;
    this.#overlay = overlay;
    this.changed = changed;
  }

  get(key: string): string | null {
    const own = this.#overlay.get(key);
    return own === undefined ? (this.#base.get(key) ?? null) : own;
  }

  /** Returns the keys with a prefix, in order. */
  keys(prefix: string): string[] {
    const keys = new Set([...this.#base.keys(), ...this.#overlay.keys()]);
    return [...keys].filter((key) => key.startsWith(prefix) && this.get(key) !== null).sort();
  }

  /** Returns the state after these writes; null removes. @param touched keys that also count as changed */
  with(writes: Iterable<readonly [string, Uint8Array | null]>, touched: Iterable<string> = []): State {
    const overlay = new Map(this.#overlay);
    const changed = new Set(touched);
    for (const [key, value] of writes) {
      const hex = value === null ? null : toHex(value);
      if ((overlay.has(key) ? overlay.get(key) : this.get(key)) === hex) continue;
      overlay.set(key, hex);
      changed.add(key);
    }
    if (overlay.size <= MAX_OVERLAY) return new State(this.#base, overlay, changed);
    const base = new Map(this.#base);
    for (const [key, hex] of overlay) {
      if (hex === null) base.delete(key);
      else base.set(key, hex);
    }
    return new State(base, new Map(), changed);
  }
}
