import { plain, plainJson } from '../cli/plain.ts';
import { hasFailed, type Line, type LineState } from './line.ts';

/** SGR: green, yellow, red, dim. */
const COLOUR: { readonly [state in LineState]: number } = { ok: 32, warn: 33, fail: 31, skipped: 2 };

/** Returns the lines for people: what to do is below each warning and failure. */
export function textReport(lines: readonly Line[], isColoured: boolean): string {
  const widthOf = (pick: (line: Line) => string) => Math.max(0, ...lines.map((line) => pick(line).length));
  const widths = { state: widthOf(({ state }) => state), part: widthOf(({ part }) => part) };
  const what = widthOf((line) => line.what);
  const indent = ' '.repeat(widths.state + 2);
  const paint = (state: LineState, text: string) => (isColoured ? `\u001b[${COLOUR[state]}m${text}\u001b[0m` : text);
  const rows = lines.flatMap((line) => {
    const state = paint(line.state, line.state.padEnd(widths.state));
    const row = `${state}  ${line.part.padEnd(widths.part)}  ${line.what.padEnd(what)}  ${plain(line.detail)}`;
    return line.next === undefined ? [row] : [row, `${indent}→ ${plain(line.next)}`];
  });
  return `${[...rows, '', summary(lines)].join('\n')}\n`;
}

/** Returns the report for programs. */
export function jsonReport(lines: readonly Line[]): string {
  return `${plainJson({ ok: !hasFailed(lines), lines }, 2)}\n`;
}

function summary(lines: readonly Line[]): string {
  const count = (state: LineState) => lines.filter((line) => line.state === state).length;
  const skipped = count('skipped') === 0 ? '' : `, ${count('skipped')} skipped`;
  return `${count('fail')} failed, ${count('warn')} warnings${skipped}, ${count('ok')} ok`;
}
