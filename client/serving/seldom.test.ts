import { expect, it } from 'vitest';
import { Seldom } from './seldom.ts';

it('lets a kind of line about a twin pass once a minute', () => {
  let now = 0;
  const seldom = new Seldom(() => now);
  expect([seldom.mayLog(7, 'a'), seldom.mayLog(7, 'a'), seldom.mayLog(7, 'b'), seldom.mayLog(8, 'a')]).toEqual([
    true,
    false,
    true,
    true,
  ]);
  now = 59_999;
  expect(seldom.mayLog(7, 'a')).toBe(false);
  now = 60_000;
  expect(seldom.mayLog(7, 'a')).toBe(true);
});

it('remembers a bounded number of twins', () => {
  const seldom = new Seldom(() => 0);
  for (let twin = 0; twin <= 1_000; twin += 1) seldom.mayLog(twin, 'a');
  expect([seldom.mayLog(1_000, 'a'), seldom.mayLog(0, 'a')]).toEqual([false, true]);
});
