import { type Code, call, get, i32, i64, load32, loop, OP, set, store32, type WasmFunction } from './wasm-module.ts';

/**
 * Numbers modulo 2^255 - 19, as Bernstein's ref10 keeps them: ten signed limbs of 26 and 25 bits in turn, 40 bytes. A
 * product takes two factors whose limbs may be 2.8 times as large as that (twice the square of it: 124.5 · 2^53 · 2.8²
 * is less than 2^63), and its own are half as large, so that sums and differences of products need no carrying.
 */
const LIMBS = 10;
const limbs = Array.from({ length: LIMBS }, (_, n) => n);
/** Bytes of a number. */
export const SIZE = 4 * LIMBS;

const bitsOf = (limb: number) => (limb % 2 === 0 ? 26n : 25n);
/** The places of two odd limbs add up to half a bit more than the product's. */
const isDoubled = (i: number, j: number) => i % 2 === 1 && j % 2 === 1;

/** Carries what is too much for a limb to the next one; what goes beyond the last comes back 19 times. */
function carried(h: (limb: number) => number, spare: number): Code {
  const carry = (limb: number): Code => {
    const [bits, next] = [bitsOf(limb), (limb + 1) % LIMBS];
    const over = [...get(h(limb)), ...i64(1n << (bits - 1n)), ...OP.i64Add, ...i64(bits), ...OP.i64Shr, ...set(spare)];
    const times = limb === LIMBS - 1 ? [...get(spare), ...i64(19n), ...OP.i64Mul] : get(spare);
    return [
      ...over,
      ...[...get(h(next)), ...times, ...OP.i64Add, ...set(h(next))],
      ...[...get(h(limb)), ...get(spare), ...i64(bits), ...OP.i64Shl, ...OP.i64Sub, ...set(h(limb))],
    ];
  };
  return [0, 4, 1, 5, 2, 6, 3, 7, 4, 8, 9, 0].flatMap(carry);
}

const sum = (terms: readonly Code[]): Code => terms.flatMap((term, n) => (n === 0 ? term : [...term, ...OP.i64Add]));
const times = (factor: bigint, local: number): Code => [...get(local), ...i64(factor), ...OP.i64Mul];
const stored = (h: (limb: number) => number): Code =>
  limbs.flatMap((n) => [...get(0), ...get(h(n)), ...store32(4 * n)]);

/** Locals behind the first `from`, as numbers of ten limbs one after another: which local is limb n of number `part`. */
const limbsFrom = (from: number) => (part: number) => (n: number) => from + part * LIMBS + n;

/** (to, a, b): to = a · b */
export function mulFunction(): WasmFunction {
  const at = limbsFrom(3);
  const [f, g, g19, f2, h] = [at(0), at(1), at(2), at(3), at(4)];
  const spare = h(LIMBS);
  const term = (i: number, k: number): Code => {
    const j = (k - i + LIMBS) % LIMBS;
    return [...get(isDoubled(i, j) ? f2(i) : f(i)), ...get(i + j >= LIMBS ? g19(j) : g(j)), ...OP.i64Mul];
  };
  return {
    name: 'mul',
    parameters: 3,
    locals: 5 * LIMBS + 1,
    code: [
      ...limbs.flatMap((n) => [...get(1), ...load32(4 * n), ...set(f(n)), ...get(2), ...load32(4 * n), ...set(g(n))]),
      ...limbs.flatMap((n) => [...times(19n, g(n)), ...set(g19(n)), ...times(2n, f(n)), ...set(f2(n))]),
      ...limbs.flatMap((k) => [...sum(limbs.map((i) => term(i, k))), ...set(h(k))]),
      ...carried(h, spare),
      ...stored(h),
    ],
  };
}

/** (to, a): to = `factor` · a², `factor` 1 or 2 */
export function squareFunction(name: string, factor: 1 | 2): WasmFunction {
  const at = limbsFrom(2);
  const [f, f2, f19, f38, h] = [at(0), at(1), at(2), at(3), at(4)];
  const spare = h(LIMBS);
  /** f_i · f_j, and f_j · f_i, at their place. */
  const term = (i: number, j: number): Code => {
    const right = i + j >= LIMBS ? (isDoubled(i, j) ? f38 : f19) : isDoubled(i, j) ? f2 : f;
    return [...get(i === j ? f(i) : f2(i)), ...get(right(j)), ...OP.i64Mul];
  };
  const terms = (k: number) =>
    limbs.flatMap((i) => {
      const j = (k - i + LIMBS) % LIMBS;
      return i <= j ? [term(i, j)] : [];
    });
  const doubled = (k: number): Code => (factor === 2 ? [...sum(terms(k)), ...i64(1n), ...OP.i64Shl] : sum(terms(k)));
  return {
    name,
    parameters: 2,
    locals: 5 * LIMBS + 1,
    code: [
      ...limbs.flatMap((n) => [...get(1), ...load32(4 * n), ...set(f(n))]),
      ...limbs.flatMap((n) => [
        ...[...times(2n, f(n)), ...set(f2(n))],
        ...[...times(19n, f(n)), ...set(f19(n))],
        ...[...times(38n, f(n)), ...set(f38(n))],
      ]),
      ...limbs.flatMap((k) => [...doubled(k), ...set(h(k))]),
      ...carried(h, spare),
      ...stored(h),
    ],
  };
}

/** (to, a, b): to = a + b, or a - b, limb by limb */
export function sumFunction(name: string, operation: Code): WasmFunction {
  const each = (n: number) => [...get(0), ...get(1), ...load32(4 * n), ...get(2), ...load32(4 * n), ...operation];
  return {
    name,
    parameters: 3,
    locals: 0,
    code: limbs.flatMap((n) => [...each(n), ...store32(4 * n)]),
  };
}

/** (to, a, n): to = a^(2^n), n at least 1. @param square where the module has that */
export function squareTimesFunction(square: number): WasmFunction {
  const [to, a, n] = [0, 1, 2];
  const once = [...get(to), ...get(a), ...call(square), ...get(to), ...set(a)];
  const isLeft = [...get(n), ...i32(1), ...OP.i32Sub, ...set(n), ...get(n)];
  return { name: 'squareTimes', parameters: 3, locals: 0, code: loop([...once, ...isLeft]) };
}
