import { describe, expect, it } from 'vitest';
import { chainVectors, type VectorTwin } from '../../../test/rig/chain/chain-vectors.ts';
import { buildMetadata } from './metadata.ts';
import { readRuntime } from './runtime.ts';
import { toHex } from './scale.ts';

const { registry, storage } = readRuntime(buildMetadata());
const bytes = (hex: string) => Buffer.from(hex, 'hex');

const ledgerTwin = ({ id, account, relay, pk, entities }: VectorTwin) => ({
  id,
  account: `0x${account}`,
  relay: relay === null ? null : Buffer.from(relay),
  pk: pk === null ? null : bytes(pk),
  entities: entities.map(({ entityId, signature }) => ({ id: entityId, signature: bytes(signature) })),
});

describe('the storage', () => {
  it('has the keys of the live chain', () => {
    const [twin] = chainVectors.twins;
    if (twin === undefined) throw new Error('no vector');
    for (const { id, key } of chainVectors.storageKeys.twins) {
      expect(storage.twin({ ...ledgerTwin(twin.twin), id })[0]).toBe(key);
    }
    for (const { account, key } of chainVectors.storageKeys.twinIdByAccountID) {
      expect(storage.twinId(`0x${account}`, 0x01020304)).toEqual([key, new Uint8Array([4, 3, 2, 1])]);
      expect(storage.twinId(`0x${account}`, undefined)).toEqual([key, null]);
    }
    expect(storage.events).toBe(chainVectors.storageKeys.systemEvents);
  });

  it.each(chainVectors.twins)('writes twin $twin.id as the live chain does', ({ twin, scale }) => {
    const [, value] = storage.twin(ledgerTwin(twin));
    expect(toHex(value ?? new Uint8Array())).toBe(scale);
  });

  it('distinguishes an empty relay from an absent one', () => {
    const twin = { id: 1, account: `0x${'aa'.repeat(32)}`, pk: null, entities: [] };
    const [, empty] = storage.twin({ ...twin, relay: new Uint8Array() });
    const [, none] = storage.twin({ ...twin, relay: null });
    expect(toHex(empty?.slice(36) ?? new Uint8Array())).toBe('0x01000000');
    expect(toHex(none?.slice(36) ?? new Uint8Array())).toBe('0x000000');
  });

  it('has balances, nonce, time in ms and accepted terms as clients read them', () => {
    const account = `0x${'aa'.repeat(32)}`;
    const read = (type: string, [, value]: readonly [string, Uint8Array | null]) =>
      registry.createTypeUnsafe(type, [value]).toJSON();
    expect(read('FrameSystemAccountInfo', storage.account(account, { nonce: 7, free: 10n ** 10n }))).toMatchObject({
      nonce: 7,
      data: { free: 10 ** 10, reserved: 0 },
    });
    expect(storage.now(258)[1]).toEqual(new Uint8Array([2, 1, 0, 0, 0, 0, 0, 0]));
    const terms = { timestamp: 9, link: Buffer.from('link'), hash: Buffer.from('') };
    expect(read('Vec<PalletTfgridTermsCondTermsAndConditions>', storage.terms(account, [terms]))).toMatchObject([
      { timestamp: 9, documentLink: '0x6c696e6b', documentHash: '0x' },
    ]);
  });
});

describe('the metadata', () => {
  it('has the calls at the live chain’s indices', () => {
    for (const [name, [pallet, index]] of Object.entries(chainVectors.calls)) {
      const found = registry.findMetaCall(new Uint8Array([pallet, index]));
      expect([found.section, found.method.replace(/[A-Z]/g, (letter: string) => `_${letter.toLowerCase()}`)]).toEqual([
        'tfgridModule',
        name,
      ]);
    }
  });
});
