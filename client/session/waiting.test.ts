import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { endsWithin, pauseUntil } from './waiting.ts';

const never = new Promise<void>(() => undefined);

it('endsWithin tells what ended from what was late, and rejects as the work does', async () => {
  expect(await endsWithin(60_000, Promise.resolve())).toBe(true);
  expect(await endsWithin(1, never)).toBe(false);
  await expect(endsWithin(60_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
});

it('pauseUntil makes pauses that a stop ends, those to come as well, and of which nothing stays', async () => {
  const stop = new AbortController();
  const pause = pauseUntil(stop.signal);
  expect(await Promise.all([pause(1), pause(2)])).toEqual([true, true]);
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  const long = pause(60_000);
  stop.abort();
  expect(await Promise.all([long, pause(60_000)])).toEqual([false, false]);
});
