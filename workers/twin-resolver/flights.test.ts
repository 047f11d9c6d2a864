import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { wait } from '../../proto/chain/wait.ts';
import { Flights } from './flights.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const soon = () => Date.now() + 1900;

test('a hundred requests at once share one piece of work', async () => {
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

test('another key, and the same key later, start new work', async () => {
  const flights = new Flights<number>();
  const work = vi.fn(async () => 1);
  await Promise.all([flights.once(7, work, soon()), flights.once(8, work, soon())]);
  await flights.once(7, work, soon());
  expect(work).toHaveBeenCalledTimes(3);
  expect(vi.getTimerCount()).toBe(0);
});

test('a waiting request gives up in time, and the leader goes on', async () => {
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

test('the next request takes over when the work throws', async () => {
  const flights = new Flights<string>();
  const broken = flights.once(7, () => Promise.reject(new Error('broken')), soon()).catch((error) => String(error));
  const second = flights.once(7, async () => 'whole', soon());
  await vi.runAllTimersAsync();
  expect([await broken, await second]).toEqual(['Error: broken', 'whole']);
});

test('a stall of the isolate does not make the leader look dead', async () => {
  const flights = new Flights<string>();
  const work = vi.fn(async () => {
    await wait(1000);
    return 'answer';
  });
  const all = Promise.all(Array.from({ length: 10 }, () => flights.once(7, work, soon())));
  await vi.advanceTimersByTimeAsync(15);
  // Time passes, and no timer has run yet.
  vi.setSystemTime(Date.now() + 600);
  await vi.runAllTimersAsync();
  expect(new Set(await all)).toEqual(new Set(['answer']));
  expect(work).toHaveBeenCalledTimes(1);
});
