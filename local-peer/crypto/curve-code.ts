import { mulFunction, SIZE, squareFunction, squareTimesFunction, sumFunction } from './field-code.ts';
import { keccakFunction } from './keccak-code.ts';
import { type Code, call, get, i32, OP, type WasmFunction, wasmModule } from './wasm-module.ts';

/** Keccak's state lies first in memory, then its constants, then numbers, each in a slot of its own. */
export const KECCAK_AT = 0;
export const CONSTANTS_AT = 256;
const FIRST_SLOT = 512;

/** Where a slot lies, bytes. */
export function slot(n: number): number {
  return FIRST_SLOT + n * SIZE;
}

/** The sum under way: extended coordinates, x = X/Z, y = Y/Z, x·y = T/Z. */
export const POINT = { X: slot(0), Y: slot(1), Z: slot(2), T: slot(3) } as const;
/** A point to be added lies anywhere: so many bytes after its address are Y + X, Y - X, Z and 2·d·T. */
export const ADDEND = { plus: 0, minus: SIZE, Z: 2 * SIZE, T2d: 3 * SIZE } as const;
export const ADDEND_SIZE = 4 * SIZE;
const [A, B, C, D, E, F] = [slot(4), slot(5), slot(6), slot(7), slot(8), slot(9)] as const;
/** The first slot that the functions here leave alone. */
export const FREE_SLOT = 10;
/** Behind the slots: room for tables of points. */
export const TABLES_AT = 4096;
const PAGES = 4;

const FUNCTIONS = ['keccak', 'mul', 'square', 'doubleSquare', 'add', 'sub'] as const;
/** An address, or so many bytes after the one that the function is given. */
type Place = number | { readonly after: number };
type Step = readonly [(typeof FUNCTIONS)[number], ...Place[]];

/** A function that does one step after the other. */
function program(name: string, parameters: 0 | 1, steps: readonly Step[]): WasmFunction {
  const address = (place: Place): Code =>
    typeof place === 'number' ? i32(place) : [...get(0), ...i32(place.after), ...OP.i32Add];
  const code = steps.flatMap(([what, ...places]) => [...places.flatMap(address), ...call(FUNCTIONS.indexOf(what))]);
  return { name, parameters, locals: 0, code };
}

/** From X:Z and Y:T, as sums come out, to one point. */
const COMPLETED: readonly Step[] = [
  ['mul', POINT.X, C, F],
  ['mul', POINT.Y, D, E],
  ['mul', POINT.Z, E, F],
  ['mul', POINT.T, C, D],
];

/** POINT plus the ADDEND at an address, or minus it (Hisil, Wong, Carter and Dawson 2008, §3.1; complete for this curve). */
function addition(name: string, sign: 1 | -1): WasmFunction {
  const [plus, minus] = sign === 1 ? [ADDEND.plus, ADDEND.minus] : [ADDEND.minus, ADDEND.plus];
  return program(name, 1, [
    ['add', A, POINT.Y, POINT.X],
    ['sub', B, POINT.Y, POINT.X],
    ['mul', A, A, { after: plus }],
    ['mul', B, B, { after: minus }],
    ['sub', C, A, B],
    ['add', D, A, B],
    ['mul', A, POINT.T, { after: ADDEND.T2d }],
    ['mul', B, POINT.Z, { after: ADDEND.Z }],
    ['add', B, B, B],
    [sign === 1 ? 'add' : 'sub', E, B, A],
    [sign === 1 ? 'sub' : 'add', F, B, A],
    ...COMPLETED,
  ]);
}

/** 2 · POINT (same paper, §3.3). */
const DOUBLING = program('double', 0, [
  ['square', A, POINT.X],
  ['square', B, POINT.Y],
  ['doubleSquare', F, POINT.Z],
  ['add', C, POINT.X, POINT.Y],
  ['square', C, C],
  ['add', D, B, A],
  ['sub', E, B, A],
  ['sub', C, C, D],
  ['sub', F, F, E],
  ...COMPLETED,
]);

/** Keccak and the arithmetic of Curve25519, as WASM. */
export function curveModule(): Uint8Array<ArrayBuffer> {
  return wasmModule(
    [
      keccakFunction(KECCAK_AT, CONSTANTS_AT),
      mulFunction(),
      squareFunction('square', 1),
      squareFunction('doubleSquare', 2),
      sumFunction('add', OP.i64Add),
      sumFunction('sub', OP.i64Sub),
      squareTimesFunction(2),
      DOUBLING,
      addition('addPoint', 1),
      addition('subPoint', -1),
    ],
    PAGES,
  );
}
