import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Line, linesOf } from './line.ts';
import { jsonReport, textReport } from './report.ts';

const redis = linesOf('redis');
const lines: Line[] = [
  linesOf('clock').ok('time', '0.1 s'),
  redis.fail('reachable', 'ECONNREFUSED', 'start Redis'),
  redis.skipped('version', 'Redis gives no answer'),
];

describe('textReport', () => {
  it('aligns the lines, with what to do below what is wrong', () => {
    expect(textReport(lines, false)).toBe(`ok       clock  time       0.1 s
fail     redis  reachable  ECONNREFUSED
         → start Redis
skipped  redis  version    Redis gives no answer

1 failed, 0 warnings, 1 skipped, 1 ok
`);
  });

  it('lets nobody else colour it, or begin a line', () => {
    const report = textReport([redis.fail('reachable', 'no\r\n\u001b[31mok', 'wait')], false);
    expect(report).toContain('fail  redis  reachable  no [31mok\n');
  });

  it('colours the states alone', () => {
    const coloured = textReport(lines, true);
    expect(coloured).toContain('\u001b[31mfail   \u001b[0m  redis');
    expect(stripVTControlCharacters(coloured)).toBe(textReport(lines, false));
  });
});

it('jsonReport says whether all is well, and each line', () => {
  expect(JSON.parse(jsonReport(lines))).toEqual({ ok: false, lines });
  expect(JSON.parse(jsonReport(lines.slice(0, 1)))).toMatchObject({ ok: true });
});
