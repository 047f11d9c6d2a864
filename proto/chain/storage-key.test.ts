import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { chainVectors } from '../../test/rig/chain/chain-vectors.ts';
import { storagePrefix, TWINS_PREFIX, twinIdOfKey, twinIdStorageKey, twinStorageKey } from './storage-key.ts';

describe('storage keys', () => {
  test.each(chainVectors.storageKeys.twins)('twin $id has the storage key of the chain', ({ id, key }) => {
    expect(twinStorageKey(id)).toBe(key);
  });

  test.each(chainVectors.storageKeys.twins)('the storage key of twin $id has its id', ({ id, key }) => {
    expect(twinIdOfKey(key)).toBe(id);
    expect(key.startsWith(TWINS_PREFIX)).toBe(true);
    expect(twinIdOfKey(`${key}00`)).toBeUndefined();
    expect(twinIdOfKey(key.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')))).toBeUndefined();
  });

  test('other items have the storage keys of the chain', () => {
    expect(storagePrefix('System', 'Events')).toBe(chainVectors.storageKeys.systemEvents);
    for (const { account, key } of chainVectors.storageKeys.twinIdByAccountID)
      expect(twinIdStorageKey(hexToBytes(account))).toBe(key);
  });

  test.each([-1, 0.5, 2 ** 32, Number.NaN])('%s is refused as a twin id', (id) => {
    expect(() => twinStorageKey(id)).toThrow(RangeError);
  });
});
