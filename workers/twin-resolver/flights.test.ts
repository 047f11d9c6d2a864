import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { wait } from '../../chain/wait.ts';
import { Flights } from './flights.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const soon = () => Date.now() + 1900;

test('a hundred at once are one piece of work, and all have its answer', async () => {
  const flights = new Flights<string>();
  const work = vi.fn(async () => {
    await wait(1000);
    return 'answer';
  });
  const all = Promise.all(Array.from({ length: 100 }, () => flights.once(7, work, soon())));
  await vi.runAllTimersAsync();
  expect(new Set(await all)).toEqual(new Set(['answer']));
  expect(work).toHaveBeenCalledTimes(1);
});

test('another key, and the same key later, are work of their own', async () => {
  const flights = new Flights<number>();
  const work = vi.fn(async () => 1);
  await Promise.all([flights.once(7, work, soon()), flights.once(8, work, soon())]);
  await flights.once(7, work, soon());
  expect(work).toHaveBeenCalledTimes(3);
  expect(vi.getTimerCount()).toBe(0);
});

test('who waits gives up at its time, and who works is not cut', async () => {
  const flights = new Flights<string>();
  const slow = async () => {
    await wait(5000);
    return 'slow';
  };
  const working = flights.once(7, slow, soon());
  const waiting = flights.once(7, slow, soon());
  await vi.advanceTimersByTimeAsync(2000);
  expect(await waiting).toBeUndefined();
  await vi.runAllTimersAsync();
  expect(await working).toBe('slow');
});

test('when the work throws, the next one works itself', async () => {
  const flights = new Flights<string>();
  const broken = flights.once(7, () => Promise.reject(new Error('broken')), soon()).catch((error) => String(error));
  const second = flights.once(7, async () => 'whole', soon());
  await vi.runAllTimersAsync();
  expect([await broken, await second]).toEqual(['Error: broken', 'whole']);
});

test('a stall of the whole isolate does not make the one that works look dead', async () => {
  const flights = new Flights<string>();
  const work = vi.fn(async () => {
    await wait(1000);
    return 'answer';
  });
  const all = Promise.all(Array.from({ length: 10 }, () => flights.once(7, work, soon())));
  await vi.advanceTimersByTimeAsync(15);
  // Time passes, and nobody's timer has run yet.
  vi.setSystemTime(Date.now() + 600);
  await vi.runAllTimersAsync();
  expect(new Set(await all)).toEqual(new Set(['answer']));
  expect(work).toHaveBeenCalledTimes(1);
});
