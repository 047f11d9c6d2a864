import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS, devIdentity } from '../../tools/dev-chain/ledger/dev-twins.ts';
import { buildMetadata } from '../../tools/dev-chain/metadata/metadata.ts';
import { readMetadataFile } from '../../tools/dev-chain/metadata/metadata-file.ts';
import { hasLiveMetadata, LIVE_METADATA } from '../rig/chain/live-metadata.ts';
import { shapeOf } from '../rig/chain/metadata-shape.ts';
import { connectSubstrate, hexOf, keyring, pairOf, type SubstrateClient } from '../rig/chain/substrate-client.ts';

describe.skipIf(!hasLiveMetadata)('a Substrate client of a chain by the live network’s metadata', () => {
  const newcomer = keyring.addFromSeed(new Uint8Array(32).fill(0x78), {}, 'ed25519');
  let chain: DevChain;
  let client: SubstrateClient;
  beforeAll(async () => {
    const runtime = await readMetadataFile(LIVE_METADATA);
    chain = await startDevChain({ blockTimeMs: 200, funded: [hexOf(newcomer)], runtime });
    client = await connectSubstrate(chain.wsUrl);
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await chain.close();
  });
  const twin = async (id: number) => (await client.query('tfgridModule', 'twins')(id)).toJSON();

  it('sees the whole runtime of that network', () => {
    expect(client.api.runtimeVersion.specVersion.toNumber()).toBe(149);
    expect(client.api.runtimeMetadata.asLatest.pallets.length).toBeGreaterThan(20);
    expect(Object.keys(client.api.tx)).toEqual(expect.arrayContaining(['smartContractModule', 'balances']));
  });

  it('finds the development twins and their funds', async () => {
    for (const { id, secret, keyType, ...dev } of DEV_TWINS) {
      const { account, e2ePublicKey } = await devIdentity({ id, secret, keyType, ...dev });
      const pk = dev.pk ? `0x${Buffer.from(e2ePublicKey).toString('hex')}` : null;
      expect(await twin(id)).toEqual({
        id,
        accountId: keyring.encodeAddress(account, 42),
        relay: null,
        entities: [],
        pk,
      });
      expect((await client.query('tfgridModule', 'twinIdByAccountID')(account)).toJSON()).toBe(id);
      expect((await client.query('system', 'account')(account)).toJSON()).toMatchObject({
        nonce: 0,
        data: { free: 10_000_000_000 },
      });
    }
  });

  it.each([1, 6])('updates a twin by mortal and immortal extrinsics (twin %i)', async (id) => {
    const updated = { events: ['tfgridModule.TwinUpdated', 'system.ExtrinsicSuccess'], error: undefined };
    expect(await client.send('updateTwin', ['a.example', null], pairOf(id))).toEqual(updated);
    expect(await client.send('updateTwin', ['b.example', '0x02'], pairOf(id), { era: 0 })).toEqual(updated);
    expect(await twin(id)).toMatchObject({ relay: `0x${Buffer.from('b.example').toString('hex')}`, pk: '0x02' });
  });

  it('creates a twin and reads that network’s errors', async () => {
    const create = () => client.send('createTwin', [null, null], newcomer);
    expect(await create()).toMatchObject({ error: 'UserDidNotSignTermsAndConditions' });
    expect((await client.send('userAcceptTc', ['link', 'hash'], newcomer)).error).toBeUndefined();
    expect((await create()).events).toEqual(['tfgridModule.TwinStored', 'system.ExtrinsicSuccess']);
    expect(await twin(7)).toMatchObject({ accountId: newcomer.address });
    expect(await create()).toMatchObject({ error: 'TwinWithPubkeyExists' });
  });

  // Rust programs compare what they were built with to what the chain says.
  it.each([
    ['storage', 'TfgridModule', 'Twins'],
    ['storage', 'TfgridModule', 'TwinIdByAccountID'],
    ['storage', 'TfgridModule', 'UsersTermsAndConditions'],
    ['storage', 'System', 'Account'],
    ['storage', 'Timestamp', 'Now'],
    ['call', 'TfgridModule', 'create_twin'],
    ['call', 'TfgridModule', 'update_twin'],
    ['call', 'TfgridModule', 'user_accept_tc'],
    ['call', 'System', 'remark'],
    ['event', 'TfgridModule', 'TwinStored'],
    ['event', 'TfgridModule', 'TwinUpdated'],
    ['event', 'System', 'ExtrinsicSuccess'],
  ] as const)('finds the %s %s.%s as our own metadata has it', async (kind, pallet, name) => {
    const live = shapeOf((await readMetadataFile(LIVE_METADATA)).metadata)[kind](pallet, name);
    expect(live).toBeDefined();
    expect(shapeOf(buildMetadata())[kind](pallet, name)).toEqual(live);
  });

  it('gets an error for a call that this chain does not do', async () => {
    const farm = client.call('createFarm', ['farm', []]);
    await expect(farm.signAndSend(pairOf(2))).rejects.toThrow('Transaction call is not expected');
  });
});
