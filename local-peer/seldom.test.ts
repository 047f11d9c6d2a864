import { expect, it } from 'vitest';
import { Seldom } from './seldom.ts';

it('lets a kind of line about a twin pass once a minute', () => {
  let now = 0;
  const seldom = new Seldom(() => now);
  expect([seldom.isDue(7, 'a'), seldom.isDue(7, 'a'), seldom.isDue(7, 'b'), seldom.isDue(8, 'a')]).toEqual([
    true,
    false,
    true,
    true,
  ]);
  now = 59_999;
  expect(seldom.isDue(7, 'a')).toBe(false);
  now = 60_000;
  expect(seldom.isDue(7, 'a')).toBe(true);
});

it('remembers a bounded number of twins', () => {
  const seldom = new Seldom(() => 0);
  for (let twin = 0; twin <= 1_000; twin += 1) seldom.isDue(twin, 'a');
  expect([seldom.isDue(1_000, 'a'), seldom.isDue(0, 'a')]).toEqual([false, true]);
});
