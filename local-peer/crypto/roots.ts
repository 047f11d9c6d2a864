import type { Field } from './field.ts';

/** √-1. */
export const SQRT_M1 = 19681161376707505956807079304988542015446066515923890162744021073123829784752n;

/** Roots modulo 2^255 - 19, as RFC 9496 takes them. */
export class Roots {
  readonly #field: Field;
  readonly #zero: number;
  readonly #one: number;
  readonly #sqrtM1: number;
  readonly #spare: readonly [number, number, number, number, number, number];

  constructor(field: Field) {
    this.#field = field;
    this.#zero = field.place(0n);
    this.#one = field.place(1n);
    this.#sqrtM1 = field.place(SQRT_M1);
    const place = () => field.place();
    this.#spare = [place(), place(), place(), place(), place(), place()];
  }

  /** to = 1/√a, not negative; when `a` is no square that of √-1 · a. Returns whether it is one, and not 0: §4.2. */
  inverse(to: number, a: number): boolean {
    const { mul, square, add, sub } = this.#field.machine;
    const [a3, a7, check] = this.#spare;
    square(a3, a);
    mul(a3, a3, a);
    square(a7, a3);
    mul(a7, a7, a);
    this.power(to, a7);
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
    if (this.#field.isNegative(to)) sub(to, this.#zero, to);
    return isOne || isMinusOne;
  }

  /** to = a^((p - 5) / 8) = a^(2^252 - 3); `to` is not `a` */
  power(to: number, a: number): void {
    const { mul, squareTimes } = this.#field.machine;
    const [, , , ones, more, kept] = this.#spare;
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
}
