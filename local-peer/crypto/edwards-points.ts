import { POINT } from './curve-code.ts';
import type { Field } from './field.ts';
import { D, type Encoding, PointSums } from './point-sums.ts';
import { keyOf } from './remembered.ts';
import { Roots } from './roots.ts';

/** The base point, as it is written (RFC 8032, §5.1). */
const BASE = Buffer.from(`58${'66'.repeat(31)}`, 'hex');

/** The points that 8 makes neutral: those of order 1, 2, 4, 4, and four of order 8. */
const SMALL_ORDER = new Set(
  [
    `01${'00'.repeat(31)}`,
    `ec${'ff'.repeat(30)}7f`,
    '00'.repeat(32),
    `${'00'.repeat(31)}80`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  ].map((hex) => keyOf(Buffer.from(hex, 'hex'))),
);

/** Whether a point is one that 8 makes neutral. @param written 32 bytes, in the one way there is */
export function isSmallOrder(written: Uint8Array): boolean {
  return SMALL_ORDER.has(keyOf(written));
}

/** Sums of the points of Ed25519's curve; no key has a small order, as with those anybody can sign. */
export function edwardsSums(): PointSums {
  return new PointSums((field) => new EdwardsEncoding(field));
}

/**
 * y, and in its highest bit whether x is odd: RFC 8032, §5.1.2 and §5.1.3. Of what it writes it reads all but points of
 * small order, and nothing else.
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
    if (isSmallOrder(written)) throw new RangeError('a point of small order');
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
    // Of 0 it finds no root: points with x = 0 are of small order, whatever sign is written.
    const isSquare = this.#roots.inverse(root, uv);
    mul(POINT.X, u, root);
    const isOdd = last >> 7 === 1;
    if (!isSquare || !isCanonical) throw new RangeError('no point of Edwards25519');
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
