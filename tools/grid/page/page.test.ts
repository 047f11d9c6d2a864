import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inputsOf, PLAN, recordSchema, runPlanned } from '../plan.ts';
import { SCENARIOS } from '../scenarios.ts';
import { productSettings } from '../settings.ts';
import { reachedAt } from './limits.ts';
import { pageOf } from './page.ts';
import { growthText, seconds, share } from './tables.ts';

const read = (path: string) => readFile(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
const record = recordSchema.parse(JSON.parse(await read('../results.json')));

describe('docs/grid.md', () => {
  it('is what the results say', async () => {
    expect(await read('../../../docs/grid.md')).toBe(pageOf(record));
  });

  it('has results of the inputs, settings and product of now: else run "npm run grid"', () => {
    const settings = productSettings();
    expect(record.inputs).toEqual(inputsOf(settings));
    expect([record.rateLimit, record.mailboxMessages]).toEqual([settings.rateLimit.messages, settings.mailboxMessages]);
    expect(record.runs.map(({ result: _, ...planned }) => planned)).toEqual(PLAN);
    const unused = Object.keys(SCENARIOS).filter((name) => !PLAN.some(({ scenario }) => scenario === name));
    expect(unused).toEqual([]);
  });

  it('has results that a run repeats', () => {
    const planned = PLAN.find(({ scenario, growth }) => scenario === 'storm' && growth === 1);
    const found = record.runs.find(({ scenario, growth }) => scenario === 'storm' && growth === 1);
    expect(planned && runPlanned(planned, productSettings())).toEqual(found?.result);
  });
});

describe('a limit', () => {
  it('that holds its value is reached where the value was going', () => {
    const values = [
      [1, 2],
      [3, 6],
      [10, 10],
    ] as const;
    expect(reachedAt({ ceiling: 10, values })).toBeCloseTo(5);
  });

  it.each([
    ['is reached between two runs', [1, 4], [3, 12], 6, 1.5],
    ['is reached below the first run', [1, 20], [3, 60], 5, 0.25],
    ['is extrapolated beyond the last run', [1, 1], [3, 5], 9, 5],
    ['is never reached by what does not grow', [1, 2], [3, 2], 9, Number.POSITIVE_INFINITY],
  ] as const)('%s', (_, one, other, ceiling, growth) => {
    expect(reachedAt({ ceiling, values: [one, other] })).toBeCloseTo(growth);
  });
});

describe('numbers of the page', () => {
  it('round no share to all or nothing', () => {
    expect([share(1, 100_000), share(99_999, 100_000), share(5, 5), share(0, 5), share(1, 3)]).toEqual([
      '0.001 %',
      '99.99 %',
      '100 %',
      '0 %',
      '33.3 %',
    ]);
  });

  it('name their units', () => {
    expect([seconds(0), seconds(1.25), seconds(999.9), seconds(61_200)]).toEqual(['0', '1.3 ms', '1 s', '61 s']);
    expect([growthText(1.52), growthText(47.2), growthText(400), growthText(Number.POSITIVE_INFINITY)]).toEqual([
      '×1.5',
      '×47',
      '> ×100',
      'never',
    ]);
  });
});
