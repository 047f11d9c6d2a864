import type { Random } from './input/random.ts';

/** One reader under test. */
export interface Target {
  readonly name: string;
  /** Returns one input; the same stream makes the same input. */
  readonly make: (random: Random) => Uint8Array;
  /** Reads one input. Throws when the reader throws, or breaks one of its promises. */
  readonly run: (input: Uint8Array) => void | Promise<void>;
}

/** A broken promise of a reader. */
class Broken extends Error {
  override readonly name = 'Broken';
}

/** Throws Broken when the promise does not hold. */
export function promise(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Broken(what);
}
