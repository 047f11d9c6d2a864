import { ADDEND, ADDEND_SIZE, POINT } from './curve-code.ts';
import type { Field } from './field.ts';

/** Of a scalar, modulo the group's order, no more are set. */
const SCALAR_BITS = 254;
const COORDINATES = [POINT.X, POINT.Y, POINT.Z, POINT.T] as const;

/**
 * Where multiples of one point lie, for scalars cut into digits of `width` bits: of each `step`-th digit's place those
 * from 1 to half of what a digit can be; the others are subtracted. Places between these take `width` doublings each.
 */
export interface Table {
  readonly at: number;
  readonly width: number;
  readonly step: number;
}

const placesOf = (width: number) => Math.ceil(SCALAR_BITS / width);
const eachOf = (width: number) => 2 ** (width - 1);

/** Bytes of a table. */
export function tableSize({ width, step }: Omit<Table, 'at'>): number {
  return Math.ceil(placesOf(width) / step) * eachOf(width) * ADDEND_SIZE;
}

/** Digits of `width` bits, the lowest first, none more than half of what it can be. @param scalar 32 bytes, little-endian */
function digitsOf(scalar: Uint8Array, width: number): number[] {
  const half = eachOf(width);
  const digits: number[] = [];
  let [held, count, next, carry] = [0, 0, 0, 0];
  while (digits.length < placesOf(width)) {
    if (count < width) {
      held |= (scalar[next] ?? 0) << count;
      next += 1;
      count += 8;
    }
    const digit = (held & (2 * half - 1)) + carry;
    held >>= width;
    count -= width;
    carry = digit > half ? 1 : 0;
    digits.push(digit - carry * 2 * half);
  }
  return digits;
}

/** Sums of multiples of points. What it does follows from the scalars: none of them may be a secret. */
export class Curve {
  readonly #field: Field;
  readonly #d2: number;
  readonly #single: number;

  /**
   * @param d2 where 2·d lies
   * @param single room for an ADDEND
   */
  constructor(field: Field, d2: number, single: number) {
    this.#field = field;
    this.#d2 = d2;
    this.#single = single;
  }

  /** Begins a sum: the neutral point. */
  clear(): void {
    for (const at of COORDINATES) this.#field.put(at, at === POINT.Y || at === POINT.Z ? 1n : 0n);
  }

  /** Fills a table with multiples of POINT. Hundreds of additions and doublings: it pays when it is used again. */
  fill({ at, width, step }: Table): void {
    const { machine } = this.#field;
    let entry = at;
    for (let place = 0; place < placesOf(width); place += step) {
      this.#pointTo(this.#single);
      for (let n = 1; n <= eachOf(width); n += 1) {
        this.#pointTo(entry);
        entry += ADDEND_SIZE;
        if (n < eachOf(width)) machine.addPoint(this.#single);
      }
      // It is half of what it was times what a digit can be: the next place counts twice that.
      this.#double(1 + width * (step - 1));
    }
  }

  /**
   * Adds `scalar` times a table's point to the sum, or takes it off. A table whose step is not 1 doubles what is there
   * already: it comes first.
   * @param scalar 32 bytes, little-endian
   */
  add({ at, width, step }: Table, scalar: Uint8Array, sign: 1 | -1): void {
    const { machine } = this.#field;
    const digits = digitsOf(scalar, width);
    for (let first = step - 1; first >= 0; first -= 1) {
      let from = at;
      for (let place = first; place < digits.length; place += step) {
        const signed = (digits[place] ?? 0) * sign;
        if (signed > 0) machine.addPoint(from + (signed - 1) * ADDEND_SIZE);
        else if (signed < 0) machine.subPoint(from + (-signed - 1) * ADDEND_SIZE);
        from += eachOf(width) * ADDEND_SIZE;
      }
      if (first > 0) this.#double(width);
    }
  }

  #double(times: number): void {
    for (let n = 0; n < times; n += 1) this.#field.machine.double();
  }

  #pointTo(addend: number): void {
    const { machine } = this.#field;
    machine.add(addend + ADDEND.plus, POINT.Y, POINT.X);
    machine.sub(addend + ADDEND.minus, POINT.Y, POINT.X);
    this.#field.copy(addend + ADDEND.Z, POINT.Z);
    machine.mul(addend + ADDEND.T2d, POINT.T, this.#d2);
  }
}
