import { expect, it } from 'vitest';
import { Reasons } from './reasons.ts';

const failed = { code: 1006, detail: 'no connection' };
const explained = (detail: string) => ({ code: 1006, detail, isExplained: true });

it('asks about the first two failures of a series, then once a minute', () => {
  let now = 0;
  const reasons = new Reasons(() => now);
  const asked: number[] = [];
  for (; now <= 150_000; now += 10_000) {
    if (reasons.isDue) asked.push(now);
    reasons.failed(failed);
  }
  expect(asked).toEqual([0, 10_000, 70_000, 130_000]);
  reasons.opened();
  expect(reasons.isDue).toBe(true);
});

it('repeats the reason of the relay between two questions, and drops it when the relay gives none', () => {
  let now = 0;
  const reasons = new Reasons(() => now);
  expect(reasons.failed(explained('expired'))).toBe('expired');
  expect(reasons.failed(explained('unknown twin'))).toBe('unknown twin');
  expect(reasons.failed(failed)).toBe('unknown twin');
  now = 60_000;
  expect(reasons.failed(failed)).toBe('no connection');
  expect(reasons.failed(failed)).toBe('no connection');
});

it('passes on the reason of a relay that opened the socket and closed it', () => {
  const reasons = new Reasons(() => 0);
  reasons.failed(explained('expired'));
  reasons.failed(explained('expired'));
  expect(reasons.failed({ code: 4408, detail: '4408 silent' })).toBe('4408 silent');
});
