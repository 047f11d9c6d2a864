import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { chainVectors } from '../test/rig/chain-vectors.ts';
import { storagePrefix, twinIdStorageKey, twinStorageKey } from './storage-key.ts';

describe('storage keys', () => {
  test.each(chainVectors.storageKeys.twins)('twin $id lies where the chain has it', ({ id, key }) => {
    expect(twinStorageKey(id)).toBe(key);
  });

  test('other items lie where the chain has them', () => {
    expect(storagePrefix('System', 'Events')).toBe(chainVectors.storageKeys.systemEvents);
    for (const { account, key } of chainVectors.storageKeys.twinIdByAccountID)
      expect(twinIdStorageKey(hexToBytes(account))).toBe(key);
  });

  test.each([-1, 0.5, 2 ** 32, Number.NaN])('%s is no twin id', (id) => {
    expect(() => twinStorageKey(id)).toThrow(RangeError);
  });
});
