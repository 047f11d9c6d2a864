import { readFileSync } from 'node:fs';
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decodeTwin, twinKey } from './chain-storage.ts';

const vectors = z
  .object({
    storageKeys: z.object({ twins: z.array(z.object({ id: z.number(), key: z.string() })) }),
    twins: z.array(
      z.object({
        twin: z.object({
          id: z.number(),
          account: z.string(),
          relay: z.string().nullable(),
          pk: z.string().nullable(),
        }),
        scale: z.string(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../test/vectors/chain.json', import.meta.url), 'utf8')));

describe('twinKey', () => {
  it.each(vectors.storageKeys.twins)('of twin $id is the chain’s', ({ id, key }) => {
    expect(twinKey(id)).toBe(key);
  });
});

describe('decodeTwin', () => {
  it.each(vectors.twins)('reads twin $twin.id', ({ twin, scale }) => {
    const decoded = decodeTwin(scale);
    if (!decoded.ok) throw new Error(decoded.error);
    const { id, account, relay, pk } = decoded.value;
    expect({ id, account: bytesToHex(account), relay, pk: pk === null ? null : bytesToHex(pk) }).toEqual({
      id: twin.id,
      account: twin.account,
      relay: twin.relay,
      pk: twin.pk,
    });
  });

  it('refuses a record that is cut anywhere, or goes on', () => {
    for (const { scale } of vectors.twins) {
      for (let length = 2; length < scale.length; length += 2)
        expect(decodeTwin(scale.slice(0, length)).ok).toBe(false);
      expect(decodeTwin(`${scale}00`).ok).toBe(false);
    }
  });

  it('never throws, whatever a node sends', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => `0x${bytesToHex(bytes)}`),
      fc.tuple(fc.constantFrom(...vectors.twins), fc.nat(400), fc.nat(255)).map(([{ scale }, at, byte]) => {
        const place = 2 + ((at * 2) % (scale.length - 2));
        return scale.slice(0, place) + byte.toString(16).padStart(2, '0') + scale.slice(place + 2);
      }),
    );
    fc.assert(
      fc.property(anything, (value) => {
        expect(typeof decodeTwin(value).ok).toBe('boolean');
      }),
      { numRuns: 2000 },
    );
  });
});
