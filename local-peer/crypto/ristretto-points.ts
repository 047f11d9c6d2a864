import { POINT } from './curve-code.ts';
import type { Field } from './field.ts';
import { D, type Encoding, PointSums } from './point-sums.ts';
import { Roots, SQRT_M1 } from './roots.ts';

/** A constant of RFC 9496, §4.1. */
const INVSQRT_A_MINUS_D = 54469307008909316920995813868745141605393597292927456921205312896311721017578n;
/** The base point, as it is written (RFC 9496, §A.1). */
const BASE = Buffer.from('e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76', 'hex');

/** Sums of ristretto255's points, RFC 9496; none of the keys is the neutral point. */
export function ristrettoSums(): PointSums {
  return new PointSums((field) => new RistrettoEncoding(field));
}

class RistrettoEncoding implements Encoding {
  readonly base = BASE;
  readonly #field: Field;
  readonly #roots: Roots;
  readonly #one: number;
  readonly #d: number;
  readonly #sqrtM1: number;
  readonly #invsqrtAMinusD: number;
  readonly #zero: number;
  /** Places for what is in between. */
  readonly #spare: ReturnType<typeof tenPlaces>;

  constructor(field: Field) {
    this.#field = field;
    this.#roots = new Roots(field);
    this.#one = field.place(1n);
    this.#d = field.place(D);
    this.#sqrtM1 = field.place(SQRT_M1);
    this.#invsqrtAMinusD = field.place(INVSQRT_A_MINUS_D);
    this.#zero = field.place(0n);
    this.#spare = tenPlaces(field);
  }

  /** POINT becomes the point that is written so: RFC 9496, §4.3.1. */
  decode(written: Uint8Array): void {
    const { mul, square, add, sub } = this.#field.machine;
    const [s, ss, u1, u2, u2Squared, v, root, denX, denY, t] = this.#spare;
    this.#field.put(s, BigInt(`0x${Buffer.from(written).reverse().toString('hex')}`));
    const isCanonical = Buffer.compare(this.#field.bytes(s), written) === 0;
    if (!isCanonical || this.#field.isNegative(s)) throw new RangeError('no point of ristretto255');
    square(ss, s);
    sub(u1, this.#one, ss);
    add(u2, this.#one, ss);
    square(u2Squared, u2);
    square(t, u1);
    mul(v, this.#d, t);
    add(v, v, u2Squared);
    this.#negate(v);
    mul(t, v, u2Squared);
    const isSquare = this.#roots.inverse(root, t);
    mul(denX, root, u2);
    mul(denY, root, denX);
    mul(denY, denY, v);
    add(s, s, s);
    mul(POINT.X, s, denX);
    if (this.#field.isNegative(POINT.X)) this.#negate(POINT.X);
    mul(POINT.Y, u1, denY);
    this.#field.copy(POINT.Z, this.#one);
    mul(POINT.T, POINT.X, POINT.Y);
    const isPoint = isSquare && !this.#field.isNegative(POINT.T) && !this.#field.isZero(POINT.Y);
    if (!isPoint || this.#field.isZero(POINT.X)) throw new RangeError('no point of ristretto255, or the neutral one');
  }

  /** POINT as it is written: RFC 9496, §4.3.2. */
  encode(): Uint8Array {
    const { mul, square, add, sub } = this.#field.machine;
    const [u1, u2, t, root, den1, den2, zInverse, ix, iy, enchanted] = this.#spare;
    add(u1, POINT.Z, POINT.Y);
    sub(u2, POINT.Z, POINT.Y);
    mul(u1, u1, u2);
    mul(u2, POINT.X, POINT.Y);
    square(t, u2);
    mul(t, u1, t);
    this.#roots.inverse(root, t);
    mul(den1, root, u1);
    mul(den2, root, u2);
    mul(zInverse, den1, den2);
    mul(zInverse, zInverse, POINT.T);
    mul(ix, POINT.X, this.#sqrtM1);
    mul(iy, POINT.Y, this.#sqrtM1);
    mul(enchanted, den1, this.#invsqrtAMinusD);
    mul(t, POINT.T, zInverse);
    const isRotated = this.#field.isNegative(t);
    const [x, y, inverse] = isRotated ? [iy, ix, enchanted] : [POINT.X, POINT.Y, den2];
    mul(t, x, zInverse);
    if (this.#field.isNegative(t)) add(t, POINT.Z, y);
    else sub(t, POINT.Z, y);
    mul(t, t, inverse);
    if (this.#field.isNegative(t)) this.#negate(t);
    return this.#field.bytes(t);
  }

  #negate(at: number): void {
    this.#field.machine.sub(at, this.#zero, at);
  }
}

function tenPlaces(field: Field) {
  const place = () => field.place();
  return [place(), place(), place(), place(), place(), place(), place(), place(), place(), place()] as const;
}
