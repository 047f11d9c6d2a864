import { markdown } from '../bench/table.ts';
import { isClean, percentile, type Verdict } from './verdict.ts';

const COLUMNS = [
  'fault',
  'times',
  'sent',
  'answered',
  'failed',
  'silent',
  'served twice',
  'answered twice',
  'recovery p99',
  'caught up p99',
  'p50',
  'slowest',
];

/** Returns a Markdown table with a row for each fault. */
export function tableOf(rows: readonly { readonly name: string; readonly verdict: Verdict }[]): string {
  const lines = rows.map(({ name, verdict }) => [name, ...cellsOf(verdict)]);
  return markdown(COLUMNS, lines);
}

function cellsOf(verdict: Verdict): string[] {
  const { recoveries, catchUps, sent, answered, failed, silent, servedTwice, answeredTwice, p50, slowest } = verdict;
  const errors = Object.values(failed).reduce((sum, count) => sum + count, 0);
  const counts = [recoveries.length, sent, answered, errors, silent, servedTwice, answeredTwice];
  return [
    ...counts.map((count) => count.toLocaleString('en')),
    p99Of(recoveries),
    p99Of(catchUps),
    `${p50} ms`,
    seconds(slowest),
  ];
}

/** Returns the lines about one run: what is wrong, and the reasons of errors. */
export function detailsOf(name: string, verdict: Verdict): string {
  const { failed, silent, silentUnserved, strays } = verdict;
  const lines = [`${name}: ${isClean(verdict) ? 'nothing lost, nothing twice' : 'NOT CLEAN'}`];
  if (silent > 0)
    lines.push(`silent: ${silentUnserved} never reached the service, ${silent - silentUnserved} were served`);
  if (strays > 0) lines.push(`strays: ${strays} entries for no request`);
  for (const [reason, count] of Object.entries(failed)) lines.push(`failed: ${count} × \`${reason}\``);
  return lines.join('\n  ');
}

/** Returns a line with the recovery from each fault of a run. */
export function recoveriesOf({ recoveries, catchUps }: Verdict): string {
  return `recovered after ${recoveries.map(seconds).join(', ')}; caught up after ${catchUps.map(seconds).join(', ')}`;
}

/** Returns the p99 of times of which null is the slowest. */
function p99Of(times: readonly (number | null)[]): string {
  if (times.length === 0) return '';
  const slowest = percentile(
    times.map((each) => each ?? Number.POSITIVE_INFINITY),
    0.99,
  );
  return seconds(Number.isFinite(slowest) ? slowest : null);
}

function seconds(ms: number | null): string {
  return ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`;
}
