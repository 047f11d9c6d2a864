import { describe, expect, test } from 'vitest';
import { decades, linear, logSteps } from './scale.ts';

describe('a linear scale', () => {
  test('begins at zero and ends at a round value above the most', () => {
    const scale = linear(71_000, [0, 100]);
    expect(scale.ticks).toEqual([0, 20_000, 40_000, 60_000, 80_000]);
    expect(scale.at(0)).toBe(0);
    expect(scale.at(80_000)).toBe(100);
    expect(scale.at(20_000)).toBe(25);
  });

  test('ends at the most where that is round', () => {
    expect(linear(400, [0, 1]).ticks).toEqual([0, 100, 200, 300, 400]);
    expect(linear(10, [0, 1]).ticks).toEqual([0, 2.5, 5, 7.5, 10]);
  });

  test('may run downwards, as pictures do', () => {
    expect(linear(4, [200, 100]).at(1)).toBe(175);
  });

  test('has a line when all is zero', () => {
    expect(linear(0, [0, 1]).ticks).toEqual([0, 1]);
  });
});

describe('a scale of decades', () => {
  test('holds all values between whole powers of ten', () => {
    const scale = decades(23, 4100, [0, 3]);
    expect(scale.ticks).toEqual([10, 100, 1000, 10_000]);
    expect(scale.at(100)).toBeCloseTo(1);
    expect(scale.at(10_000)).toBeCloseTo(3);
  });

  test('is a decade long at least', () => {
    expect(decades(100, 100, [0, 1]).ticks).toEqual([100, 1000]);
  });
});

test('a scale of steps goes from the first to the last, and a factor is a distance', () => {
  const scale = logSteps([1, 10, 100], [50, 250]);
  expect(scale.ticks.map(scale.at)).toEqual([50, 150, 250]);
  expect(logSteps([7], [50, 250]).at(7)).toBe(50);
});
