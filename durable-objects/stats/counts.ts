import { z } from 'zod';
import type { MetricName } from './catalogue.ts';

/**
 * Counts by series: `name`, or `name|value` with the value of the metric's label. Plain data, so that it crosses RPC and
 * fits an attachment as it is.
 */
export type Counts = { [series: string]: number };

/** Counts in storage. Another version of the relay may know other series. */
export const countsSchema = z.record(z.string(), z.number());

/** Returns the key of a series. */
function series(name: MetricName, label?: string): string {
  return label === undefined ? name : `${name}|${label}`;
}

/** Adds to one series. */
export function count(counts: Counts, name: MetricName, by = 1, label?: string): void {
  const key = series(name, label);
  counts[key] = (counts[key] ?? 0) + by;
}

/** Adds all counts of `more`. */
export function merge(counts: Counts, more: Counts): void {
  for (const [key, value] of Object.entries(more)) counts[key] = (counts[key] ?? 0) + value;
}

/** The label for all further labels of a metric that has too many. Strangers choose some labels. */
const OTHER = 'other';

/** As `merge`, with at most `most` labels for each metric. Counts with a further label are added to `other`. */
export function mergeBounded(counts: Counts, more: Counts, most: number): void {
  const labels = new Map<string, number>();
  const nameOf = (key: string) => key.slice(0, Math.max(key.indexOf('|'), 0));
  for (const key of Object.keys(counts)) labels.set(nameOf(key), (labels.get(nameOf(key)) ?? 0) + 1);
  for (const [key, value] of Object.entries(more)) {
    const name = nameOf(key);
    const isNew = name !== '' && counts[key] === undefined;
    const known = labels.get(name) ?? 0;
    const place = isNew && known >= most ? `${name}|${OTHER}` : key;
    if (isNew && known < most) labels.set(name, known + 1);
    counts[place] = (counts[place] ?? 0) + value;
  }
}
