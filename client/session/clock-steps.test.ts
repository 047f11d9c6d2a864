import { expect, it } from 'vitest';
import { ClockSteps } from './clock-steps.ts';

it('tells each time that the clock is set, once, and nothing while it runs', () => {
  let [wall, steady] = [1_000_000, 0];
  const told: number[] = [];
  const steps = new ClockSteps(
    () => wall,
    () => steady,
    (ms) => told.push(ms),
  );
  const pass = (ms: number, step = 0) => {
    steady += ms;
    wall += ms + step;
    steps.look();
  };
  pass(1000);
  // The machine was busy for long.
  pass(60_000);
  pass(1000, 4000);
  expect(told).toEqual([]);
  pass(1000, 3_600_000);
  pass(1000);
  expect(told).toEqual([3_604_000]);
  pass(1000, -3_600_000);
  pass(1000);
  expect(told).toEqual([3_604_000, -3_600_000]);
});
