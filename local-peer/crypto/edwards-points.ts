import { POINT } from './curve-code.ts';
import type { Field } from './field.ts';
import { D, type Encoding, PointSums } from './point-sums.ts';
import { Roots } from './roots.ts';

/** The base point, as it is written (RFC 8032, §5.1). */
const BASE = Buffer.from(`58${'66'.repeat(31)}`, 'hex');

/** Sums of the points of Ed25519's curve. Keys may have a small order: whoever judges by a sum judges them, too. */
export function edwardsSums(): PointSums {
  return new PointSums((field) => new EdwardsEncoding(field));
}

/**
 * y, and in its highest bit whether x is odd: RFC 8032, §5.1.2 and §5.1.3. Reads what it writes, and nothing else.
 */
class EdwardsEncoding implements Encoding {
  readonly base = BASE;
  readonly #field: Field;
  readonly #roots: Roots;
  readonly #zero: number;
  readonly #one: number;
  readonly #d: number;
  /** Places for what is in between. */
  readonly #spare: readonly [number, number, number, number];

  constructor(field: Field) {
    this.#field = field;
    this.#roots = new Roots(field);
    this.#zero = field.place(0n);
    this.#one = field.place(1n);
    this.#d = field.place(D);
    this.#spare = [field.place(), field.place(), field.place(), field.place()];
  }

  decode(written: Uint8Array): void {
    const { mul, square, add, sub } = this.#field.machine;
    const [u, v, uv, root] = this.#spare;
    const last = written[31] ?? 0;
    const y = Buffer.from(written);
    y[31] = last & 0x7f;
    this.#field.put(POINT.Y, BigInt(`0x${Buffer.from(y).reverse().toString('hex')}`));
    const isCanonical = Buffer.compare(this.#field.bytes(POINT.Y), y) === 0;
    // x² = u / v; v is never 0, as -1/D is no square.
    square(u, POINT.Y);
    mul(v, this.#d, u);
    sub(u, u, this.#one);
    add(v, v, this.#one);
    mul(uv, u, v);
    const isZero = this.#field.isZero(u);
    const isSquare = this.#roots.inverse(root, uv) || isZero;
    mul(POINT.X, u, root);
    const isOdd = last >> 7 === 1;
    if (!isSquare || !isCanonical || (isZero && isOdd)) throw new RangeError('no point of Edwards25519');
    if (this.#field.isNegative(POINT.X) !== isOdd) sub(POINT.X, this.#zero, POINT.X);
    this.#field.copy(POINT.Z, this.#one);
    mul(POINT.T, POINT.X, POINT.Y);
  }

  encode(): Uint8Array {
    const { mul, square, squareTimes } = this.#field.machine;
    const [inverse, cube, x, y] = this.#spare;
    // 1/Z = Z^(p - 2) = (Z^((p - 5) / 8))^8 · Z³
    this.#roots.power(y, POINT.Z);
    squareTimes(inverse, y, 3);
    square(cube, POINT.Z);
    mul(cube, cube, POINT.Z);
    mul(inverse, inverse, cube);
    mul(x, POINT.X, inverse);
    mul(y, POINT.Y, inverse);
    const written = this.#field.bytes(y);
    if (this.#field.isNegative(x)) written[31] = (written[31] ?? 0) | 0x80;
    return written;
  }
}
