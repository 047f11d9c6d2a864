import { FREE_SLOT, slot } from './curve-code.ts';
import { SIZE } from './field-code.ts';
import type { Machine } from './machine.ts';

/** 2^255 - 19. */
const P = 2n ** 255n - 19n;

/** Numbers modulo 2^255 - 19, by their addresses in a machine's memory. */
export class Field {
  readonly machine: Machine;
  #slots = FREE_SLOT;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** A place for a number. */
  place(value = 0n): number {
    const at = slot(this.#slots);
    this.#slots += 1;
    this.put(at, value);
    return at;
  }

  put(at: number, value: bigint): void {
    let rest = ((value % P) + P) % P;
    for (let n = 0; n < SIZE / 4; n += 1) {
      const bits = n % 2 === 0 ? 26n : 25n;
      this.machine.limbs[at / 4 + n] = Number(BigInt.asUintN(Number(bits), rest));
      rest >>= bits;
    }
  }

  copy(to: number, from: number): void {
    this.machine.limbs.copyWithin(to / 4, from / 4, (from + SIZE) / 4);
  }

  /** 32 bytes, little-endian, the smallest number that it is. */
  bytes(at: number): Uint8Array {
    const reduced = this.#reduced(at);
    const bytes = new Uint8Array(32);
    let [held, count, next] = [0, 0, 0];
    for (let n = 0; n < reduced.length; n += 1) {
      held += (reduced[n] ?? 0) * 2 ** count;
      for (count += n % 2 === 0 ? 26 : 25; count >= 8; count -= 8) {
        bytes[next] = held % 256;
        held = Math.floor(held / 256);
        next += 1;
      }
    }
    bytes[31] = held;
    return bytes;
  }

  /** Whether the smallest number that it is is odd: RFC 9496 calls it negative. */
  isNegative(at: number): boolean {
    return ((this.#reduced(at)[0] ?? 0) & 1) === 1;
  }

  isZero(at: number): boolean {
    return this.#reduced(at).every((limb) => limb === 0);
  }

  /** Limbs of the smallest number that it is, none negative. */
  #reduced(at: number): Int32Array {
    const h = this.machine.limbs.slice(at / 4, at / 4 + SIZE / 4);
    const limb = (n: number) => h[n] ?? 0;
    // How many times 2^255 - 19 goes into it, found by carrying all the way through.
    let over = (19 * limb(9) + (1 << 24)) >> 25;
    for (let n = 0; n < 10; n += 1) over = (limb(n) + over) >> (n % 2 === 0 ? 26 : 25);
    h[0] = limb(0) + 19 * over;
    for (let n = 0; n < 10; n += 1) {
      const bits = n % 2 === 0 ? 26 : 25;
      const carry = limb(n) >> bits;
      if (n < 9) h[n + 1] = limb(n + 1) + carry;
      h[n] = limb(n) - (carry << bits);
    }
    return h;
  }
}
