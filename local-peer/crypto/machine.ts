import { CONSTANTS_AT, curveModule, KECCAK_AT } from './curve-code.ts';
import { roundConstants } from './keccak-code.ts';

/** Arithmetic and hashing as WASM; functions take the addresses of numbers in its memory. */
export interface Machine {
  readonly mul: (to: number, a: number, b: number) => void;
  readonly square: (to: number, a: number) => void;
  readonly add: (to: number, a: number, b: number) => void;
  readonly sub: (to: number, a: number, b: number) => void;
  /** to = a^(2^n) */
  readonly squareTimes: (to: number, a: number, n: number) => void;
  /** POINT becomes twice itself. */
  readonly double: () => void;
  /** The ADDEND at an address is added to POINT. */
  readonly addPoint: (addend: number) => void;
  /** The ADDEND at an address is taken from POINT. */
  readonly subPoint: (addend: number) => void;
  /** All numbers' limbs; those of the one at address `at` begin at `at / 4`. */
  readonly limbs: Int32Array;
  /** Keccak-f[1600] of the 50 halves of its lanes, in place. */
  readonly keccak: (lanes: Uint32Array) => void;
}

/** What we use of WebAssembly: TypeScript has it among what browsers have. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
};
type Exports = Omit<Machine, 'limbs' | 'keccak'> & {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly keccak: (constantsAt: number) => void;
};

/** Compiled when the first machine is asked for, in some milliseconds. */
let compiled: object | undefined;

/** A machine with a memory of its own. */
export function newMachine(): Machine {
  compiled ??= new WebAssembly.Module(curveModule());
  const { memory, keccak, ...functions } = new WebAssembly.Instance(compiled).exports;
  new BigUint64Array(memory.buffer, CONSTANTS_AT).set(roundConstants());
  const state = new Uint32Array(memory.buffer, KECCAK_AT, 50);
  return {
    ...functions,
    limbs: new Int32Array(memory.buffer),
    keccak(lanes) {
      state.set(lanes);
      keccak(CONSTANTS_AT);
      lanes.set(state);
      // A signer's witness follows from it.
      state.fill(0);
    },
  };
}
