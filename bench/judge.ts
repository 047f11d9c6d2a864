import type { Measure } from './measure.ts';
import type { Row } from './rows.ts';

/** What was measured of a row, run by run, the contenders in turns. */
export interface Runs {
  readonly ours: readonly Measure[];
  readonly bare: readonly Measure[];
  /** The relay that we are measured against; empty: what the row says of the reference counts. */
  readonly against: readonly Measure[];
}

/** A value with the least and the most of its runs. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** One target and how far we are. */
export interface Check {
  readonly what: string;
  readonly value: number;
  readonly goal: number;
  readonly atMost: boolean;
  readonly met: boolean;
  /** By how much it is missed, as a part of the goal; 0 when it is met. */
  readonly missedBy: number;
}

/** The middle of some values; undefined when there are none. */
export function spread(values: readonly number[]): Spread | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  if (min === undefined || max === undefined || low === undefined || high === undefined) return undefined;
  return { min, median: (low + high) / 2, max };
}

/** One figure of each run that has it. */
export function spreadOf(
  runs: readonly Measure[],
  figure: (measure: Measure) => number | undefined,
): Spread | undefined {
  return spread(runs.flatMap((run) => figure(run) ?? []));
}

/** Ratios of runs that followed each other: what slows the machine for a while slows both. */
export function ratios(
  ours: readonly Measure[],
  theirs: readonly Measure[],
  figure: (measure: Measure) => number | undefined,
): Spread | undefined {
  return spread(
    ours.flatMap((run, n) => {
      const [mine, other] = [figure(run), theirs[n] === undefined ? undefined : figure(theirs[n])];
      return mine === undefined || other === undefined ? [] : [mine / other];
    }),
  );
}

export const SESSION_KB = 'KB a session';

/** All that a row promises, as far as it was measured. */
export function judge({ reference, target }: Row, { ours, bare, against }: Runs): Check[] {
  const rate = spreadOf(ours, (run) => run.rate);
  if (rate === undefined) return [];
  const times = (figure: (measure: Measure) => number | undefined, documented: number | undefined) => {
    if (against.length > 0) return ratios(ours, against, figure)?.median;
    const mine = spreadOf(ours, figure);
    return mine === undefined || documented === undefined ? undefined : mine.median / documented;
  };
  const lost = Math.max(...ours.map((run) => run.more?.lost ?? 0));
  return [
    check(
      '× rate of the reference',
      times((run) => run.rate, reference.rate),
      target.timesRate,
    ),
    check(
      '× its processor time',
      times((run) => run.cpu, reference.cpu),
      target.timesCpu,
      true,
    ),
    check(
      '× its p50',
      times((run) => run.p50, reference.p50),
      target.timesP50,
      true,
    ),
    check('a second', rate.median, target.rate),
    check('slowest of fastest run', rate.min / rate.max, target.steady),
    check('messages lost', lost, target.losesNothing && 0, true),
    check('× rate of the bare worker', ratios(ours, bare, (run) => run.rate)?.median, target.timesBareRate),
    check(
      '× its memory a session',
      ratios(ours, bare, (run) => run.more?.[SESSION_KB])?.median,
      target.timesBareMemory,
      true,
    ),
  ].flatMap((each) => each ?? []);
}

function check(what: string, value: number | undefined, goal: number | undefined, atMost = false): Check | undefined {
  if (value === undefined || goal === undefined) return undefined;
  const met = atMost ? value <= goal : value >= goal;
  return { what, value, goal, atMost, met, missedBy: met ? 0 : Math.abs(value - goal) / (goal || 1) };
}
