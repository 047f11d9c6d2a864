import { expect, it } from 'vitest';
import { BLOCK_TIME_KEY, decodeBlockTime } from './block-time.ts';

it('decodes the time of a block from the chain’s storage', () => {
  expect(BLOCK_TIME_KEY).toBe('0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb');
  expect(decodeBlockTime(new Uint8Array([0, 1, 0, 0, 0, 0, 0, 0]))).toBe(256);
  for (const odd of [undefined, new Uint8Array(7), new Uint8Array(9)]) expect(decodeBlockTime(odd)).toBeUndefined();
});
