import { ADDEND, POINT } from './curve-code.ts';
import type { Field } from './field.ts';
import { SIZE } from './field-code.ts';

/** Of a scalar, modulo the group's order, no more are set. */
const SCALAR_BITS = 254;
/** Numbers of a 32-bit entry: a point as ADDEND has it. */
const ENTRY = (4 * SIZE) / 4;
const COORDINATES = [POINT.X, POINT.Y, POINT.Z, POINT.T] as const;

/**
 * Multiples of one point, for scalars cut into digits of `width` bits: of each digit's place those from 1 to half of
 * what a digit can be; the others are subtracted.
 */
export interface Multiples {
  readonly width: number;
  readonly entries: Int32Array;
}

/** Sums of multiples of points. What it does follows from the scalars: none of them may be a secret. */
export class Curve {
  readonly #field: Field;
  readonly #d2: number;

  /** @param d2 where 2·d lies */
  constructor(field: Field, d2: number) {
    this.#field = field;
    this.#d2 = d2;
  }

  /** Begins a sum: the neutral point. */
  clear(): void {
    for (const at of COORDINATES) this.#field.put(at, at === POINT.Y || at === POINT.Z ? 1n : 0n);
  }

  /** All multiples that POINT is multiplied with from now on. A thousand additions: it pays when it is used again. */
  multiplesOf(width: number): Multiples {
    const { machine } = this.#field;
    const [places, each] = [Math.ceil(SCALAR_BITS / width), 2 ** (width - 1)];
    const entries = new Int32Array(places * each * ENTRY);
    for (let place = 0; place < places; place += 1) {
      this.#pointToAddend();
      const single = machine.limbs.slice(ADDEND.plus / 4, ADDEND.plus / 4 + ENTRY);
      for (let n = 0; n < each; n += 1) {
        this.#pointToAddend();
        entries.set(machine.limbs.subarray(ADDEND.plus / 4, ADDEND.plus / 4 + ENTRY), (place * each + n) * ENTRY);
        machine.limbs.set(single, ADDEND.plus / 4);
        if (n < each - 1) machine.addPoint();
      }
      // 2^(width - 1) times what it was; the next place counts twice that.
      machine.double();
    }
    return { width, entries };
  }

  /** Adds `scalar` times a point to the sum, or takes it off. @param scalar 32 bytes, little-endian */
  add({ width, entries }: Multiples, scalar: Uint8Array, sign: 1 | -1): void {
    const { machine } = this.#field;
    const half = 2 ** (width - 1);
    let [held, count, next, carry] = [0, 0, 0, 0];
    for (let from = 0; from < entries.length; from += half * ENTRY) {
      if (count < width) {
        held |= (scalar[next] ?? 0) << count;
        next += 1;
        count += 8;
      }
      const digit = (held & (2 * half - 1)) + carry;
      held >>= width;
      count -= width;
      carry = digit > half ? 1 : 0;
      const signed = (digit - carry * 2 * half) * sign;
      if (signed === 0) continue;
      const entry = from + (Math.abs(signed) - 1) * ENTRY;
      for (let n = 0; n < ENTRY; n += 1) machine.limbs[ADDEND.plus / 4 + n] = entries[entry + n] ?? 0;
      if (signed > 0) machine.addPoint();
      else machine.subPoint();
    }
  }

  #pointToAddend(): void {
    const { machine } = this.#field;
    machine.add(ADDEND.plus, POINT.Y, POINT.X);
    machine.sub(ADDEND.minus, POINT.Y, POINT.X);
    this.#field.copy(ADDEND.Z, POINT.Z);
    machine.mul(ADDEND.T2d, POINT.T, this.#d2);
  }
}
