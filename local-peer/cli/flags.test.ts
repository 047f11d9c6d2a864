import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { countOf, secondsOf } from './flags.ts';

describe('secondsOf', () => {
  it.each([
    ['1', 1],
    ['0.25', 0.25],
    ['86400', 86_400],
  ])('reads %s', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds);
  });

  it.each(['', ' ', 'soon', '0', '-1', '86401', 'NaN'])('refuses %j', (text) => {
    expect(() => secondsOf(text)).toThrow(InvalidArgumentError);
  });
});

describe('countOf', () => {
  it('reads whole numbers within its bounds, and refuses others', () => {
    const read = countOf(1, 4);
    expect([read('1'), read('4')]).toEqual([1, 4]);
    for (const text of ['0', '5', '1.5', 'x']) expect(() => read(text)).toThrow(/a whole number, 1 to 4/);
  });
});
