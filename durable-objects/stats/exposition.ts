import { CATALOGUE, type Metric } from './catalogue.ts';
import type { Counts } from './counts.ts';

/** Escapes backslash, quote and line feed in a label's value. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Returns the label values of a metric, and their counts. */
function labelled(counts: Counts, name: string): [string, number][] {
  const prefix = `${name}|`;
  return Object.entries(counts)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]): [string, number] => [key.slice(prefix.length), value])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function histogramLines({ name, buckets = [] }: Metric, counts: Counts): string[] {
  let sum = 0;
  const lines = [...buckets.map(String), '+Inf'].map((bound) => {
    sum += counts[`${name}|${bound}`] ?? 0;
    return `${name}_bucket{le="${bound}"} ${sum}`;
  });
  return [...lines, `${name}_sum ${counts[`${name}|sum`] ?? 0}`, `${name}_count ${sum}`];
}

function valueLines(metric: Metric, counts: Counts): string[] {
  if (metric.type === 'histogram') return histogramLines(metric, counts);
  const { name, label } = metric;
  if (label === undefined) return [`${name} ${counts[name] ?? 0}`];
  return labelled(counts, name).map(([value, count]) => `${name}{${label}="${escaped(value)}"} ${count}`);
}

/**
 * Returns counts in Prometheus's text format (version 0.0.4), in the order of the catalogue. A metric without a label
 * starts at 0; a metric with a label appears with its first value.
 */
export function exposition(counts: Counts): string {
  return CATALOGUE.flatMap((metric: Metric) => {
    const lines = valueLines(metric, counts);
    if (lines.length === 0) return [];
    return [`# HELP ${metric.name} ${metric.help}`, `# TYPE ${metric.name} ${metric.type}`, ...lines];
  })
    .map((line) => `${line}\n`)
    .join('');
}
