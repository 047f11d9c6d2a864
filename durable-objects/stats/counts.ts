import type { MetricName } from './catalogue.ts';

/**
 * Counts by series: a metric's name, and behind it its label's value, `name` or `name|value`. Plain data, so that it
 * crosses RPC and stands in an attachment as it is.
 */
export type Counts = { [series: string]: number };

/** The key of a series. */
function series(name: MetricName, label?: string): string {
  return label === undefined ? name : `${name}|${label}`;
}

/** Adds to one series. */
export function count(counts: Counts, name: MetricName, by = 1, label?: string): void {
  const key = series(name, label);
  counts[key] = (counts[key] ?? 0) + by;
}

/** Adds all of `more`. */
export function merge(counts: Counts, more: Counts): void {
  for (const [key, value] of Object.entries(more)) counts[key] = (counts[key] ?? 0) + value;
}
