import { setImmediate as turn } from 'node:timers/promises';
import { Random } from './input/random.ts';
import { type Fault, judge } from './judge.ts';
import { shrink } from './shrink.ts';
import type { Target } from './target.ts';

/** Inputs between turns of the event loop, which report unhandled rejections. */
const TURN_INPUTS = 256;

/** Observers of a run. */
export interface Watch {
  /** Called before each input. */
  readonly onCase?: (number: number) => void;
  /** Called after each turn; true ends the run. */
  readonly isOver: (inputs: number) => boolean;
}

/** A fault with the smallest input that shows it. */
export interface Finding {
  readonly target: string;
  readonly seed: number;
  readonly number: number;
  readonly fault: Fault | { readonly kind: 'unhandled rejection' | 'memory'; readonly detail: string };
  readonly input: Uint8Array;
}

/** The result of one target. */
export interface Outcome {
  readonly inputs: number;
  readonly finding: Finding | undefined;
}

/** Returns the input of one case. */
export function inputOf(target: Target, seed: number, number: number): Uint8Array {
  return target.make(new Random(seed, target.name, number));
}

/** Runs cases from number 0 on, until the watch ends the run or an input shows a fault. */
export async function fuzz(target: Target, seed: number, watch: Watch): Promise<Outcome> {
  const rejections: string[] = [];
  const onRejection = (reason: unknown) => void rejections.push(String(reason));
  process.on('unhandledRejection', onRejection);
  try {
    for (let number = 0; ; number += 1) {
      if (number % TURN_INPUTS === 0) {
        await turn();
        const [detail] = rejections;
        if (detail !== undefined) {
          const fault = { kind: 'unhandled rejection' as const, detail };
          const input = inputOf(target, seed, number - 1);
          return { inputs: number, finding: { target: target.name, seed, number: number - 1, fault, input } };
        }
        if (watch.isOver(number)) return { inputs: number, finding: undefined };
      }
      watch.onCase?.(number);
      const input = inputOf(target, seed, number);
      const fault = await judge(target, input);
      if (fault === undefined) continue;
      const isSame = async (smaller: Uint8Array) => isAlike(fault, await judge(target, smaller));
      const smallest = await shrink(input, isSame);
      return { inputs: number + 1, finding: { target: target.name, seed, number, fault, input: smallest } };
    }
  } finally {
    process.off('unhandledRejection', onRejection);
  }
}

/** Returns whether two faults are the same; exceptions are compared by class. */
function isAlike(fault: Fault, other: Fault | undefined): boolean {
  const classOf = ({ detail }: Fault) => detail.split(':')[0];
  return other?.kind === fault.kind && (fault.kind === 'hang' || classOf(other) === classOf(fault));
}
