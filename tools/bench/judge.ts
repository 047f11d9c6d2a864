import type { Measure } from './contenders/measure.ts';
import type { Row } from './rows.ts';
import { SESSION_KB } from './work/idle.ts';

/** The measurements of a row, run by run, with the contenders in turns. */
export interface Runs {
  readonly ours: readonly Measure[];
  readonly bare: readonly Measure[];
  /** The relay of --against; empty: the row's record of the reference counts. */
  readonly against: readonly Measure[];
}

/** The least, the median and the most of some runs. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** One target and its measurement. */
export interface Check {
  readonly what: string;
  readonly value: number;
  readonly goal: number;
  readonly atMost: boolean;
  readonly met: boolean;
  /** The part of the goal by which it is missed; 0 when it is met. */
  readonly missedBy: number;
}

/** Returns least, median and most; undefined without values. */
export function spread(values: readonly number[]): Spread | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  if (min === undefined || max === undefined || low === undefined || high === undefined) return undefined;
  return { min, median: (low + high) / 2, max };
}

/** Returns the spread of one figure over the runs that have it. */
export function spreadOf(
  runs: readonly Measure[],
  figure: (measure: Measure) => number | undefined,
): Spread | undefined {
  return spread(runs.flatMap((run) => figure(run) ?? []));
}

/** Returns ratios of consecutive runs, because a slow minute of the machine slows both. */
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

/** Returns the checks of a row's targets, as far as they were measured. */
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
