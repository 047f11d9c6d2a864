import { POINT, TABLES_AT } from './curve-code.ts';
import { Field } from './field.ts';
import { newMachine } from './machine.ts';
import { Curve, type Table, tableSize } from './multiples.ts';
import { Remembered } from './remembered.ts';

/** Constants of RFC 9496, §4.1. */
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const SQRT_M1 = 19681161376707505956807079304988542015446066515923890162744021073123829784752n;
const INVSQRT_A_MINUS_D = 54469307008909316920995813868745141605393597292927456921205312896311721017578n;
/** The base point, as it is written (RFC 9496, §A.1). */
const BASE = Buffer.from('e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76', 'hex');

/** Wide: there is one base point, and all signatures need it. */
const BASE_TABLE: Table = { at: TABLES_AT, width: 6 };
/** Of the key that was used last; those of others wait outside: 80 KB each, and the time of three multiplications. */
const KEY_TABLE: Table = { at: TABLES_AT + tableSize(BASE_TABLE.width), width: 4 };
const MOST_KEYS = 256;

/** Sums of multiples of ristretto255's points, RFC 9496: for what is public, as it takes time by what it works on. */
export class RistrettoPoints {
  readonly #field: Field;
  readonly #curve: Curve;
  readonly #keys: Remembered<Int32Array>;
  /** What KEY_TABLE holds. */
  #current: Int32Array | undefined;
  readonly #one: number;
  readonly #d: number;
  readonly #sqrtM1: number;
  readonly #invsqrtAMinusD: number;
  readonly #zero: number;
  /** Places for what is in between: of a point that is read or written, and of a root. */
  readonly #spare: ReturnType<typeof tenPlaces>;
  readonly #rootSpare: ReturnType<typeof tenPlaces>;

  constructor() {
    const field = new Field(newMachine());
    this.#field = field;
    // Side by side, as an addend lies.
    const single = [field.place(), field.place(), field.place(), field.place()] as const;
    this.#curve = new Curve(field, field.place(2n * D), single[0]);
    this.#one = field.place(1n);
    this.#d = field.place(D);
    this.#sqrtM1 = field.place(SQRT_M1);
    this.#invsqrtAMinusD = field.place(INVSQRT_A_MINUS_D);
    this.#zero = field.place(0n);
    this.#spare = tenPlaces(field);
    this.#rootSpare = tenPlaces(field);
    this.#decode(BASE);
    this.#curve.fill(BASE_TABLE);
    this.#keys = new Remembered(MOST_KEYS, (key) => this.#tableOf(key));
  }

  /**
   * `answer` · base - `challenge` · `key`, as it is written.
   * @throws when `key` is no point, or the neutral one
   */
  difference(answer: Uint8Array, challenge: Uint8Array, key: Uint8Array): Uint8Array {
    const table = this.#keys.of(key);
    if (table !== this.#current) this.#field.machine.limbs.set(table, KEY_TABLE.at / 4);
    this.#current = table;
    this.#curve.clear();
    this.#curve.add(BASE_TABLE, answer, 1);
    this.#curve.add(KEY_TABLE, challenge, -1);
    return this.#encode();
  }

  #tableOf(key: Uint8Array): Int32Array {
    this.#decode(key);
    this.#current = undefined;
    this.#curve.fill(KEY_TABLE);
    return this.#field.machine.limbs.slice(KEY_TABLE.at / 4, (KEY_TABLE.at + tableSize(KEY_TABLE.width)) / 4);
  }

  /** POINT becomes the point that is written so: RFC 9496, §4.3.1. */
  #decode(written: Uint8Array): void {
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
    const isSquare = this.#inverseRoot(root, t);
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
  #encode(): Uint8Array {
    const { mul, square, add, sub } = this.#field.machine;
    const [u1, u2, t, root, den1, den2, zInverse, ix, iy, enchanted] = this.#spare;
    add(u1, POINT.Z, POINT.Y);
    sub(u2, POINT.Z, POINT.Y);
    mul(u1, u1, u2);
    mul(u2, POINT.X, POINT.Y);
    square(t, u2);
    mul(t, u1, t);
    this.#inverseRoot(root, t);
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

  /** to = 1/√a, not negative; when `a` is no square that of √-1 · a. Returns whether it is one, or 0: §4.2. */
  #inverseRoot(to: number, a: number): boolean {
    const { mul, square, add, sub } = this.#field.machine;
    const [a3, a7, check] = this.#rootSpare;
    square(a3, a);
    mul(a3, a3, a);
    square(a7, a3);
    mul(a7, a7, a);
    this.#power(to, a7);
    mul(to, to, a3);
    square(check, to);
    mul(check, check, a);
    // 1, -1, √-1 or -√-1; or 0.
    sub(a3, check, this.#one);
    const isOne = this.#field.isZero(a3);
    add(a3, check, this.#one);
    const isMinusOne = this.#field.isZero(a3);
    add(a3, check, this.#sqrtM1);
    const isMinusRoot = this.#field.isZero(a3);
    if (isMinusOne || isMinusRoot) mul(to, to, this.#sqrtM1);
    if (this.#field.isNegative(to)) this.#negate(to);
    return isOne || isMinusOne;
  }

  /** to = a^((p - 5) / 8) = a^(2^252 - 3) */
  #power(to: number, a: number): void {
    const { mul, squareTimes } = this.#field.machine;
    const [, , , ones, more, kept] = this.#rootSpare;
    /** ones = a^(2^(m + n) - 1), from `ones` with m and `other` with n bits set */
    const join = (other: number, n: number) => {
      squareTimes(to, ones, n);
      mul(ones, to, other);
    };
    const double = (n: number) => {
      this.#field.copy(more, ones);
      join(more, n);
    };
    this.#field.copy(ones, a);
    double(1);
    double(2);
    join(a, 1);
    double(5);
    this.#field.copy(kept, ones);
    double(10);
    double(20);
    join(kept, 10);
    this.#field.copy(kept, ones);
    double(50);
    double(100);
    join(kept, 50);
    squareTimes(to, ones, 2);
    mul(to, to, a);
  }

  #negate(at: number): void {
    this.#field.machine.sub(at, this.#zero, at);
  }
}

function tenPlaces(field: Field) {
  const place = () => field.place();
  return [place(), place(), place(), place(), place(), place(), place(), place(), place(), place()] as const;
}
