import { expect, it } from 'vitest';
import { Retries } from './retries.ts';

it('tries less and less often, also nodes that are lost as soon as they are there, and soon after one that stayed', () => {
  const retries = new Retries(() => 1);
  const limits = [0, 300, 300, 0, 9_000, 0, 0, 10_001, 0].map((stayed) => retries.next(stayed));
  expect(limits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 500, 1_000]);
});
