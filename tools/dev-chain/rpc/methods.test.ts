import { describe, expect, it } from 'vitest';
import { twinStorageKey } from '../../../proto/chain/storage-key.ts';
import { Chain } from '../ledger/chain.ts';
import { buildMetadata } from '../metadata/metadata.ts';
import { readRuntime } from '../metadata/runtime.ts';
import { methodsOf } from './methods.ts';

const runtime = readRuntime(buildMetadata());
const UNKNOWN = `0x${'ee'.repeat(32)}`;
const ACCOUNT = `0x${'cc'.repeat(32)}`;

function start() {
  const chain = new Chain(runtime, { twins: [], funded: [ACCOUNT] }, 1_000);
  const methods = methodsOf(chain);
  return { chain, call: (name: string, ...params: unknown[]) => methods[name]?.(params) };
}

describe('methodsOf', () => {
  it('finds blocks by number, by a list of numbers, and by default the head', () => {
    const { chain, call } = start();
    chain.makeBlock(2_000);
    const [genesis, head] = [chain.genesis, chain.head.hash];
    expect(call('chain_getBlockHash')).toBe(head);
    expect(call('chain_getBlockHash', 0)).toBe(genesis);
    expect(call('chain_getBlockHash', '0x1')).toBe(head);
    expect(call('chain_getBlockHash', [0, 1, 9])).toEqual([genesis, head, null]);
  });

  it('has no header of an unknown block, and refuses to read its state', () => {
    const { call } = start();
    expect(call('chain_getHeader', UNKNOWN)).toBeUndefined();
    expect(call('chain_getBlock', UNKNOWN)).toBeUndefined();
    expect(() => call('state_getStorage', '0x00', UNKNOWN)).toThrow('UnknownBlock');
  });

  it('reads storage at a block', () => {
    const { chain, call } = start();
    const { hash } = chain.head;
    const [key] = runtime.storage.now(0);
    const before = call('state_getStorage', key, hash);
    chain.makeBlock(2_000);
    expect(call('state_getStorage', key, hash)).toBe(before);
    expect(call('state_getStorage', key)).not.toBe(before);
    expect(call('state_queryStorageAt', [key], hash)).toEqual([{ block: hash, changes: [[key, before]] }]);
  });

  it('lists the keys of a prefix by pages, at a block', () => {
    const { chain, call } = start();
    const prefix = twinStorageKey(1).slice(0, 66);
    const empty = chain.head.hash;
    chain.makeBlock(2_000);
    for (const id of [1, 2, 3]) {
      chain.place({ id, account: `0x${String(id).repeat(64)}`, relay: null, pk: null, entities: [] });
      chain.makeBlock(2_000);
    }
    const keys = [1, 2, 3].map(twinStorageKey).sort();
    expect(call('state_getKeysPaged', prefix, 2)).toEqual(keys.slice(0, 2));
    expect(call('state_getKeysPaged', prefix, 2, keys[1])).toEqual(keys.slice(2));
    expect(call('state_getKeysPaged', prefix, 2, keys[2])).toEqual([]);
    expect(call('state_getKeysPaged', prefix, 2, null, empty)).toEqual([]);
  });

  it('counts the nonce of an account, and refuses other text', () => {
    const { call } = start();
    expect(call('system_accountNextIndex', ACCOUNT)).toBe(0);
    expect(() => call('system_accountNextIndex', 'nobody')).toThrow();
  });

  it('serves the metadata, plain and by the old runtime call', () => {
    const { call } = start();
    expect(call('state_getMetadata')).toBe(runtime.metadata);
    expect(String(call('state_call', 'Metadata_metadata')).endsWith(runtime.metadata.slice(2))).toBe(true);
    expect(() => call('state_call', 'Core_version')).toThrow('Method not found');
  });

  it('refuses an invalid extrinsic as Substrate does', async () => {
    const { call } = start();
    await expect(call('author_submitExtrinsic', '0x00')).rejects.toMatchObject({ code: 1010 });
  });
});
