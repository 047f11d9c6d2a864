import { glob, readFile } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import { LogPace, logLine } from './log.ts';

it('ten lines of an event pass in a minute, and the next one tells how many were left out', () => {
  const pace = new LogPace();
  const lines = (event: string, times: number, now: number) =>
    Array.from({ length: times }, () => pace.note(event, now));
  expect(lines('a', 12, 0)).toEqual([...Array(10).fill(0), undefined, undefined]);
  expect(lines('b', 1, 1_000)).toEqual([0]);
  expect(lines('a', 1, 59_999)).toEqual([undefined]);
  expect(lines('a', 2, 60_000)).toEqual([3, 0]);
});

it('a line is JSON with its event first, and an event without a pause is no flood', () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  for (let n = 0; n < 1_000; n += 1) logLine('error', 'alarm-failed', { twin: n });
  expect(error.mock.calls).toHaveLength(10);
  expect(error.mock.calls[0]).toEqual(['{"event":"alarm-failed","twin":0}']);
  error.mockRestore();
});

it('the relay logs by no other way', async () => {
  const found: string[] = [];
  for await (const file of glob('{durable-objects,workers}/**/*.ts')) {
    if (file.endsWith('.test.ts') || file.endsWith('.workerd.ts') || file === 'durable-objects/log.ts') continue;
    if (/\bconsole\s*[.[]/.test(await readFile(file, 'utf8'))) found.push(file);
  }
  expect(found).toEqual([]);
});
