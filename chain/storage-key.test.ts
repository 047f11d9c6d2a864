import { readFileSync } from 'node:fs';
import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { storagePrefix, twinIdStorageKey, twinStorageKey } from './storage-key.ts';

const vectors = z
  .object({
    storageKeys: z.object({
      twins: z.array(z.object({ id: z.number(), key: z.string() })).min(5),
      twinIdByAccountID: z.array(z.object({ account: z.string(), key: z.string() })).min(1),
      systemEvents: z.string(),
    }),
  })
  .parse(JSON.parse(readFileSync(new URL('../test/vectors/chain.json', import.meta.url), 'utf8'))).storageKeys;

describe('storage keys', () => {
  test.each(vectors.twins)('twin $id lies where the chain has it', ({ id, key }) => {
    expect(twinStorageKey(id)).toBe(key);
  });

  test('other items lie where the chain has them', () => {
    expect(storagePrefix('System', 'Events')).toBe(vectors.systemEvents);
    for (const { account, key } of vectors.twinIdByAccountID) expect(twinIdStorageKey(hexToBytes(account))).toBe(key);
  });

  test.each([-1, 0.5, 2 ** 32, Number.NaN])('%s is no twin id', (id) => {
    expect(() => twinStorageKey(id)).toThrow(RangeError);
  });
});
