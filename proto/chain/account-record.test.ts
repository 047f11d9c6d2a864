import { existsSync, readFileSync } from 'node:fs';
import { Metadata, TypeRegistry } from '@polkadot/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildMetadata } from '../../tools/dev-chain/metadata/metadata.ts';
import { decodeFree } from './account-record.ts';

/** The live network's metadata, if it is beside the repository. */
const LIVE = process.env.TFCHAIN_METADATA ?? '../shared/chain/tfchain-metadata.scale';

/** Encodes `System.Account` as a runtime does. */
function writer(metadata: Uint8Array | `0x${string}`) {
  const registry = new TypeRegistry();
  registry.setMetadata(new Metadata(registry, metadata));
  return (free: bigint) =>
    registry.createType('FrameSystemAccountInfo', { nonce: 7, providers: 1, data: { free, reserved: 9 } }).toU8a();
}

describe('decodeFree', () => {
  const isRead = (write: ReturnType<typeof writer>) =>
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (free) => {
        expect(decodeFree(write(free))).toEqual({ ok: true, value: free });
      }),
    );

  test('decodes the balance of the dev chain', () => isRead(writer(buildMetadata())));

  test.skipIf(!existsSync(LIVE))('reads what an account of the live network has', () =>
    isRead(writer(new Uint8Array(readFileSync(LIVE)))),
  );

  test('refuses another layout', () => {
    const account = writer(buildMetadata())(5n);
    expect(decodeFree(new Uint8Array([...account, 0]))).toEqual({
      ok: false,
      error: 'its balance cannot be read: 1 bytes too many',
    });
    expect(decodeFree(account.subarray(1)).ok).toBe(false);
  });
});
