import { msText } from '../output.ts';

/** Statistics of round trips, ms. */
export interface RoundTrips {
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Returns the statistics of round trips; undefined without any. */
export function roundTrips(times: readonly number[]): RoundTrips | undefined {
  const sorted = [...times].sort((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return undefined;
  const mean = sorted.reduce((sum, time) => sum + time, 0) / sorted.length;
  return { min, mean, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max };
}

/** Returns the statistics rounded to a tenth, for JSON. */
export function rounded({ min, mean, p50, p99, max }: RoundTrips): RoundTrips {
  const tenth = (ms: number) => Number(ms.toFixed(1));
  return { min: tenth(min), mean: tenth(mean), p50: tenth(p50), p99: tenth(p99), max: tenth(max) };
}

/** Returns the statistics in one line, for people. */
export function tripLine({ min, mean, p50, p99, max }: RoundTrips): string {
  return `round trip min/mean/p50/p99/max = ${[min, mean, p50, p99, max].map(msText).join('/')} ms`;
}

/** Returns the smallest value that `share` of all values do not exceed. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
