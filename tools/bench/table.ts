import type { Machine } from './contenders/machine.ts';
import type { Measure } from './contenders/measure.ts';
import { type Check, judge, type Runs, type Spread, spreadOf } from './judge.ts';
import type { Row } from './rows.ts';

/** A row and its measurements. */
export interface Measured {
  readonly row: Row;
  readonly runs: Runs;
}

const COLUMNS = ['work', 'relay', 'a second', 'p50, ms', 'p99, ms', 'processor, µs', 'memory, MB', 'more'];

/** Returns a Markdown table with a line for each contender of each work: medians, with least and most in brackets. */
export function figures(measured: readonly Measured[], names: Readonly<Record<keyof Runs, string>>): string {
  const lines = measured.flatMap(({ row, runs }) =>
    (['ours', 'bare', 'against'] as const)
      .filter((contender) => runs[contender].length > 0)
      .map((contender) => [row.name, names[contender], ...cells(runs[contender])]),
  );
  return markdown(COLUMNS, lines);
}

/** Returns a Markdown table of targets. */
export function verdicts(measured: readonly Measured[]): string {
  const lines = measured.flatMap(({ row, runs }) =>
    judge(row, runs).map((check) => [row.name, check.what, decimal(check.value), goal(check), verdict(check)]),
  );
  return markdown(['work', 'target', 'measured', 'goal', ''], lines);
}

/** Returns one line about the machine of a measurement. */
export function place({ date, commit, processor, cores, memoryGiB, linux, node, workerd }: Machine): string {
  return `${date}, commit ${commit}: ${cores} cores of ${processor}, ${memoryGiB} GiB, Linux ${linux}, workerd ${workerd}, Node ${node}.`;
}

function cells(runs: readonly Measure[]): string[] {
  const more = Object.keys(runs[0]?.more ?? {}).map(
    (name) => `${name} ${spreadText(spreadOf(runs, (run) => run.more?.[name]))}`,
  );
  return [
    spreadText(spreadOf(runs, (run) => run.rate)),
    spreadText(spreadOf(runs, (run) => run.p50)),
    spreadText(spreadOf(runs, (run) => run.p99)),
    spreadText(spreadOf(runs, (run) => run.cpu)),
    spreadText(spreadOf(runs, (run) => run.peak)),
    more.join(', '),
  ];
}

function spreadText(spread: Spread | undefined): string {
  if (spread === undefined) return '';
  const { min, median, max } = spread;
  return min === max ? decimal(median) : `${decimal(median)} (${decimal(min)}–${decimal(max)})`;
}

function goal({ goal, atMost }: Check): string {
  return `${atMost ? '≤' : '≥'} ${decimal(goal)}`;
}

function verdict({ met, missedBy }: Check): string {
  return met ? 'met' : `**missed by ${Math.round(missedBy * 100)} %**`;
}

/** Returns a number with three significant digits. */
export function decimal(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** Returns a Markdown table with aligned columns, as the formatter expects. */
export function markdown(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(3, ...all.map((line) => line[column]?.length ?? 0)));
  const text = (line: readonly string[]) =>
    `| ${widths.map((width, n) => (line[n] ?? '').padEnd(width)).join(' | ')} |`;
  return [text(head), text(widths.map((width) => '-'.repeat(width))), ...lines.map(text)].join('\n');
}
