import { expect, it } from 'vitest';
import { ChainStatus } from './chain-status.ts';

const status = (block: number) => ({
  block,
  reconnecting: false,
  reconnects: 0,
  stored: 0,
  updated: 0,
  generations: 0,
  errors: { follow: 0, refresh: 0, events: 0 },
});

it('calls the watcher once in five seconds, and remembers no failure', async () => {
  const known = new ChainStatus();
  const asked: number[] = [];
  const at = async (now: number) => {
    const ask = async () => {
      asked.push(now);
      return status(now);
    };
    return (await known.read(now, ask)).block;
  };
  await expect(known.read(0, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect([await at(0), await at(1), await at(4_999), await at(5_000), await at(5_001)]).toEqual([
    0, 0, 0, 5_000, 5_000,
  ]);
  expect(asked).toEqual([0, 5_000]);
});

it('keeps the last status while the watcher fails', async () => {
  const known = new ChainStatus();
  expect(known.last).toBeUndefined();
  await known.read(0, async () => status(1));
  await expect(known.read(5_000, () => Promise.reject(new Error('overloaded')))).rejects.toThrow('overloaded');
  expect(known.last?.block).toBe(1);
});
