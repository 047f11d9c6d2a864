import type { Seen, Verdict } from './case.ts';
import { countOf, type Result } from './run.ts';

const COLOUR: Readonly<Record<Verdict['state'], string>> = { pass: '\x1b[32m', differs: '\x1b[33m', fail: '\x1b[31m' };
const PLAIN = '\x1b[0m';
const DETAIL = `\n${' '.repeat(18)}`;

/** Returns one line for a case, and details below it. */
export function lineOf({ theme, tried, verdict }: Result, isColoured: boolean): string {
  const word = verdict.state.padEnd(8);
  const state = isColoured ? `${COLOUR[verdict.state]}${word}${PLAIN}` : word;
  return `${state} ${`§${tried.section}`.padEnd(6)} ${theme}: ${tried.title}${detailOf(verdict)}`;
}

function detailOf(verdict: Verdict): string {
  switch (verdict.state) {
    case 'pass':
      return '';
    case 'differs':
      return `${DETAIL}intended: ${verdict.reason}`;
    case 'fail':
      return `${DETAIL}expected ${show(verdict.expected)}${DETAIL}saw      ${show(verdict.saw)}`;
  }
}

function show(seen: Seen): string {
  return typeof seen === 'string' ? seen : JSON.stringify(seen);
}

/** Returns the last line. @param ms the duration of the run */
export function totalOf(results: readonly Result[], ms: number): string {
  const { passed, differing, failed } = countOf(results);
  return `${passed} passed, ${failed} failed (${differing} of the passed differ on purpose; ${(ms / 1000).toFixed(1)} s)`;
}

/** Returns the run as JSON. @param ms the duration of the run */
export function jsonOf(results: readonly Result[], ms: number): string {
  const { passed, differing, failed } = countOf(results);
  const cases = results.map(({ theme, tried, verdict, ms: took }) => ({
    theme,
    case: tried.name,
    section: tried.section,
    title: tried.title,
    ...verdict,
    ms: Math.round(took),
  }));
  return JSON.stringify({ passed, differing, failed, ms: Math.round(ms), cases }, null, 2);
}
