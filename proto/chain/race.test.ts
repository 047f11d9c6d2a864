import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Result } from '../result.ts';
import { err, ok } from '../result.ts';
import type { Attempt } from './race.ts';
import { race } from './race.ts';
import { wait } from './wait.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An attempt that ends after `ms`, or never. */
function attempt(name: string, ms: number, result: Result<string, string>, log: string[] = []): Attempt<string> {
  const run = async (signal: AbortSignal) => {
    log.push(`${name} at ${Date.now()}`);
    signal.addEventListener('abort', () => log.push(`${name} stopped`));
    if (ms === Number.POSITIVE_INFINITY) return await new Promise<never>(() => {});
    await wait(ms);
    return result;
  };
  return { name, run };
}

async function finished<T>(work: Promise<T>): Promise<{ value: T; after: number }> {
  const start = Date.now();
  const done = work.then((value) => ({ value, after: Date.now() - start }));
  await vi.runAllTimersAsync();
  return await done;
}

const NEVER = Number.POSITIVE_INFINITY;

describe('race', () => {
  test('asks only a healthy first endpoint', async () => {
    const log: string[] = [];
    const second = attempt('b', 1, ok('late'), log);
    const { value } = await finished(race([attempt('a', 100, ok('yes')), second], 2000));
    expect(value).toEqual({ won: { name: 'a', value: 'yes' }, faults: [] });
    expect(log).toEqual([]);
  });

  test('starts the next attempt at once after a failure', async () => {
    const { value, after } = await finished(race([attempt('a', 10, err('no')), attempt('b', 10, ok('yes'))], 2000));
    expect(value).toEqual({ won: { name: 'b', value: 'yes' }, faults: [{ name: 'a', fault: 'no' }] });
    expect(after).toBe(20);
  });

  test('starts the next attempt 300 ms after one that hangs, and aborts that', async () => {
    const log: string[] = [];
    const hanging = attempt('a', NEVER, ok(''), log);
    const { value, after } = await finished(race([hanging, attempt('b', 10, ok('yes'))], 2000));
    const faults = [{ name: 'a', fault: 'no answer in time' }];
    expect(value).toEqual({ won: { name: 'b', value: 'yes' }, faults });
    expect(after).toBe(310);
    expect(log.at(-1)).toBe('a stopped');
  });

  test('lets a slow first attempt win after the second has started', async () => {
    const { value } = await finished(race([attempt('a', 400, ok('slow')), attempt('b', 500, ok('slower'))], 2000));
    expect(value).toEqual({
      won: { name: 'a', value: 'slow' },
      faults: [{ name: 'b', fault: 'no answer in time' }],
    });
  });

  test('ends after the budget, and names each fault', async () => {
    const all = [attempt('a', 5, err('refused')), attempt('b', NEVER, ok('')), attempt('c', NEVER, ok(''))];
    const { value, after } = await finished(race(all, 2000));
    expect(value).toEqual({
      won: undefined,
      faults: [
        { name: 'a', fault: 'refused' },
        { name: 'b', fault: 'no answer in time' },
        { name: 'c', fault: 'no answer in time' },
      ],
    });
    expect(after).toBe(2000);
  });

  test('starts the last of many attempts in time', async () => {
    const many = Array.from({ length: 9 }, (_, at) => attempt(`h${at}`, NEVER, ok('')));
    const { value } = await finished(race([...many, attempt('last', 10, ok('yes'))], 2000));
    expect(value).toHaveProperty('won', { name: 'last', value: 'yes' });
  });

  test('ends at once without attempts', async () => {
    expect(await race([], 2000)).toEqual({ won: undefined, faults: [] });
  });

  test('waits longer for slow attempts', async () => {
    const { after } = await finished(race([attempt('a', NEVER, ok('')), attempt('b', 10, ok('yes'))], 9000, 2000));
    expect(after).toBe(2010);
  });

  test('leaves no timer', async () => {
    await finished(race([attempt('a', 1, ok('yes')), attempt('b', 1, ok('yes'))], 2000));
    expect(vi.getTimerCount()).toBe(0);
  });
});
