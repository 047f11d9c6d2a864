import { expect, it } from 'vitest';
import { Repeats, requestKey } from './repeats.ts';

it('passes a key once, until its time is over', () => {
  let now = 0;
  const repeats = new Repeats(() => now);
  expect([repeats.pass('a', 10), repeats.pass('a', 10), repeats.pass('b', 10)]).toEqual([true, false, true]);
  now = 10;
  expect([repeats.pass('a', 10), repeats.pass('a', 10)]).toEqual([true, false]);
});

it('passes a key as often as it may come', () => {
  const repeats = new Repeats();
  expect([1, 2, 3].map(() => repeats.pass('a', 10, 2))).toEqual([true, true, false]);
});

it('passes a key again that nobody was given', () => {
  const repeats = new Repeats();
  repeats.pass('a', 10);
  repeats.undo('a');
  expect([repeats.pass('a', 10), repeats.pass('a', 10)]).toEqual([true, false]);
});

it('keeps the newest keys', () => {
  const repeats = new Repeats(() => 0, 2);
  for (const key of ['a', 'b', 'c']) repeats.pass(key, 10);
  expect(['c', 'b', 'a'].map((key) => repeats.pass(key, 10))).toEqual([false, false, true]);
});

it('names a request by its twin and uid, and a long uid by its hash', () => {
  expect([requestKey(7, 'uid'), requestKey(7, '')]).toEqual(['7.uid', undefined]);
  expect(requestKey(7, 'x'.repeat(129))).toMatch(/^7\.[\w-]{43}$/);
});
