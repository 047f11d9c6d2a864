/** What a number of round trips says, all in ms. */
export interface RoundTrips {
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Sums round trips up; undefined when there is none. */
export function roundTrips(times: readonly number[]): RoundTrips | undefined {
  const sorted = [...times].sort((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return undefined;
  const mean = sorted.reduce((sum, time) => sum + time, 0) / sorted.length;
  return { min, mean, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max };
}

/** The same to a tenth, as JSON has it. */
export function rounded({ min, mean, p50, p99, max }: RoundTrips): RoundTrips {
  const tenth = (ms: number) => Number(ms.toFixed(1));
  return { min: tenth(min), mean: tenth(mean), p50: tenth(p50), p99: tenth(p99), max: tenth(max) };
}

/** The least value that `share` of all do not exceed. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
