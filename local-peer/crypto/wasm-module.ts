/** A value of the machine. */
const I32 = 0x7f;
const I64 = 0x7e;
/** A local variable whose value stays on the stack, or does not. */
const GET = 0x20;
const SET = 0x21;
const CALL = 0x10;
const END = 0x0b;
const EMPTY = 0x40;

/** Instructions as the machine reads them. */
export type Code = readonly number[];

/** A function of a module; parameters are its first locals, all i32. */
export interface WasmFunction {
  /** Others call it by its place in the module, the host by its name. */
  readonly name: string;
  readonly parameters: number;
  /** Further locals, all i64. */
  readonly locals: number;
  readonly code: Code;
}

/** LEB128 of a whole number, signed. */
function signed(value: bigint): number[] {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isLast = (rest === 0n && low < 64) || (rest === -1n && low >= 64);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}

/** LEB128 of a whole number, unsigned. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

export const get = (local: number): Code => [GET, ...unsigned(local)];
export const set = (local: number): Code => [SET, ...unsigned(local)];
export const i32 = (value: number): Code => [0x41, ...signed(BigInt(value))];
export const i64 = (value: bigint): Code => [0x42, ...signed(value)];
export const call = (index: number): Code => [CALL, ...unsigned(index)];
/** Loads an i32 at `offset` bytes from the address on the stack, as an i64 with its sign. */
export const load32 = (offset: number): Code => [0x34, 2, ...unsigned(offset)];
/** Stores the low half of an i64. */
export const store32 = (offset: number): Code => [0x3e, 2, ...unsigned(offset)];
export const load64 = (offset: number): Code => [0x29, 3, ...unsigned(offset)];
export const store64 = (offset: number): Code => [0x37, 3, ...unsigned(offset)];
/** Goes round while what `code` leaves on the stack is not 0. */
export const loop = (code: Code): Code => [0x03, EMPTY, ...code, 0x0d, 0, END];

/** Of two numbers on the stack, or one. */
export const OP = {
  i32Add: [0x6a],
  i32Sub: [0x6b],
  i64Add: [0x7c],
  i64Sub: [0x7d],
  i64Mul: [0x7e],
  i64And: [0x83],
  i64Xor: [0x85],
  i64Shl: [0x86],
  /** Keeps the sign. */
  i64Shr: [0x87],
  i64Rotl: [0x89],
} as const satisfies Record<string, Code>;

function section(id: number, items: readonly Code[]): number[] {
  const content = [...unsigned(items.length), ...items.flat()];
  return [id, ...unsigned(content.length), ...content];
}

/** A module of these functions, all exported beside the memory `memory`, which has so many pages of 64 KiB. */
export function wasmModule(functions: readonly WasmFunction[], pages: number): Uint8Array<ArrayBuffer> {
  const name = (text: string) => [...unsigned(text.length), ...Buffer.from(text, 'latin1')];
  const types = functions.map(({ parameters }) => [0x60, ...unsigned(parameters), ...Array(parameters).fill(I32), 0]);
  const bodies = functions.map(({ locals, code }) => {
    const body = [...(locals === 0 ? [0] : [1, ...unsigned(locals), I64]), ...code, END];
    return [...unsigned(body.length), ...body];
  });
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(
      3,
      functions.map((_, n) => unsigned(n)),
    ),
    ...section(5, [[0, ...unsigned(pages)]]),
    ...section(7, [[...name('memory'), 2, 0], ...functions.map((each, n) => [...name(each.name), 0, ...unsigned(n)])]),
    ...section(10, bodies),
  ]);
}
