import { hash } from 'node:crypto';

/** Claims that are remembered: about 2 MB a queue. */
const MOST = 16_384;
/** Digits of the order in a field. */
const ORDER_DIGITS = 16;

/** Returns the digest that identifies an entry. */
export function digestOf(text: string): string {
  // 72 bits, and short enough for V8 to keep nothing else of the text.
  return hash('sha1', text, 'base64').slice(0, 12);
}

/** The latest claimed entries, to recognize them when Redis comes back with an older copy. */
export class RecentClaims {
  readonly #most: number;
  /** Field → digest of the entry. */
  readonly #claims = new Map<string, string>();

  constructor(most = MOST) {
    this.#most = most;
  }

  /** @param field begins with the order of the claim, 16 digits */
  add(field: string, text: string): void {
    this.#claims.set(field, digestOf(text));
    if (this.#claims.size <= this.#most) return;
    const [oldest] = this.#claims.keys();
    if (oldest !== undefined) this.#claims.delete(oldest);
  }

  has(field: string): boolean {
    return this.#claims.has(field);
  }

  /** The claims later than this order, in their order. */
  after(order: string): { readonly field: string; readonly digest: string }[] {
    return [...this.#claims]
      .filter(([field]) => field.slice(0, ORDER_DIGITS) > order)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([field, digest]) => ({ field, digest }));
  }
}
