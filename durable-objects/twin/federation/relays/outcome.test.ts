import { expect, it } from 'vitest';
import { readOutcome, readTakesBatch } from './outcome.ts';

it('reads the outcomes of RMB edge, and nothing else', () => {
  expect(['delivered', 'stored', 'away', 'refused', 'Away', '', null].map(readOutcome)).toEqual([
    'delivered',
    'stored',
    'away',
    'refused',
    undefined,
    undefined,
    undefined,
  ]);
});

it('reads the version of batches that a relay takes', () => {
  expect([null, '', '0', '1', '2', '1.5', '-1', ' 1', '9999'].map(readTakesBatch)).toEqual([
    false,
    false,
    false,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
