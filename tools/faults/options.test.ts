import { describe, expect, it } from 'vitest';
import { FAULTS } from './faults.ts';
import { readOptions } from './options.ts';

describe('the options of the faults', () => {
  it('are all faults for a minute at 500 requests a second, without any', () => {
    expect(readOptions([])).toMatchObject({ faults: FAULTS, minutes: 1, rate: 500, write: false });
  });

  it('choose faults by their names, in the order of the table', () => {
    const { faults, seed } = readOptions(['--only', 'network-cut,relay-killed', '--seed', '7']);
    expect([faults.map(({ name }) => name), seed]).toEqual([['relay-killed', 'network-cut'], 7]);
  });

  it.each([
    ['--only', 'weather'],
    ['--minutes', 'ten'],
    ['--rate', '0'],
    ['--seed', '-1'],
    ['--before', '--output=x'],
  ])('refuse %s %s and name the option', (option, value) => {
    expect(() => readOptions([`${option}=${value}`])).toThrow(`${option}: '${value}' is not understood`);
  });
});
