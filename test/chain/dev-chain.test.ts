import { ApiPromise, HttpProvider, WsProvider } from '@polkadot/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS, devIdentity } from '../../tools/dev-chain/ledger/dev-twins.ts';
import { chainVectors } from '../rig/chain/chain-vectors.ts';
import { connectSubstrate, hexOf, keyring, pairOf, type SubstrateClient } from '../rig/chain/substrate-client.ts';
import { within } from '../rig/clients/client.ts';

const balance = z.object({ nonce: z.number(), data: z.object({ free: z.number() }) });
/** The fee of an extrinsic, in units of 10^-7 TFT. */
const FEE = 100_000;
/** An account with funds and no twin. */
const newcomer = keyring.addFromSeed(new Uint8Array(32).fill(0x77), {}, 'sr25519');

let chain: DevChain;
let client: SubstrateClient;
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 200, funded: [hexOf(newcomer)] });
  client = await connectSubstrate(chain.wsUrl);
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await chain.close();
});

const rpc = async (method: string, ...params: unknown[]) => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const response = await fetch(chain.httpUrl, { method: 'POST', body });
  return z
    .object({ result: z.unknown(), error: z.unknown() })
    .partial()
    .parse(await response.json());
};
const send = (relay: string, signer: number, options: object = {}) =>
  client.send('updateTwin', [relay, null], pairOf(signer), options);

describe('a Substrate client', () => {
  it('finds the development twins and their ids', async () => {
    for (const twin of DEV_TWINS) {
      const { account } = await devIdentity(twin);
      const found = (await client.query('tfgridModule', 'twins')(twin.id)).toJSON();
      expect(found).toMatchObject({ id: twin.id, accountId: keyring.encodeAddress(account, 42), relay: null });
      expect((await client.query('tfgridModule', 'twinIdByAccountID')(account)).toJSON()).toBe(twin.id);
    }
    expect((await client.query('tfgridModule', 'twins')(99)).toJSON()).toBeNull();
  });

  it.each([1, 6])('updates the twin of its key and sees the event (twin %i)', async (id) => {
    const before = await client.query('system', 'account')(pairOf(id).address);
    const { events, error } = await send(`relay-${id}.example`, id);
    expect(error).toBeUndefined();
    expect(events).toEqual(['tfgridModule.TwinUpdated', 'system.ExtrinsicSuccess']);
    const twin = z.object({ relay: z.string() }).parse((await client.query('tfgridModule', 'twins')(id)).toJSON());
    expect(Buffer.from(twin.relay.slice(2), 'hex').toString()).toBe(`relay-${id}.example`);
    const [old, now] = [before, await client.query('system', 'account')(pairOf(id).address)].map((each) =>
      balance.parse(each.toJSON()),
    );
    expect(now?.nonce).toBe((old?.nonce ?? 0) + 1);
    expect(now?.data.free).toBe((old?.data.free ?? 0) - FEE);
  });

  it('sends immortal extrinsics that are long enough to be signed as their hash', async () => {
    expect((await send('r'.repeat(400), 2, { era: 0 })).events).toContain('tfgridModule.TwinUpdated');
  });

  it('gets 1010 for a wrong nonce, an unpaid fee or a bad signature', async () => {
    await expect(send('x', 3, { nonce: 5 })).rejects.toThrow('1010');
    const poor = keyring.addFromSeed(new Uint8Array(32).fill(9), {}, 'sr25519');
    await expect(client.call('updateTwin', ['x', null]).signAndSend(poor)).rejects.toThrow(
      'Inability to pay some fees',
    );
    const signed = await client.call('updateTwin', ['x', null]).signAsync(pairOf(3));
    const hex = signed.toHex();
    const tampered = hex.slice(0, -2) + (hex.endsWith('00') ? '01' : '00');
    expect(await rpc('author_submitExtrinsic', tampered)).toMatchObject({ error: { code: 1010 } });
    expect(await rpc('author_submitExtrinsic', `${hex}00`)).toMatchObject({
      error: { code: 1010, data: 'not an extrinsic' },
    });
    expect(await rpc('author_submitExtrinsic', '0x00')).toMatchObject({ error: { code: 1010 } });
    expect(await rpc('author_submitExtrinsic', hex)).toMatchObject({ result: signed.hash.toHex() });
    expect(await rpc('author_submitExtrinsic', hex)).toMatchObject({
      error: { code: 1010, data: 'Transaction is outdated' },
    });
  });

  it('hears of heads, of storage that changes and of the runtime', async () => {
    const heads: number[] = [];
    const three = Promise.withResolvers<void>();
    const stop = await client.api.rpc.chain.subscribeNewHeads((head) => {
      if (heads.push(head.number.toNumber()) === 3) three.resolve();
    });
    await within(three.promise, 'three heads');
    stop();
    expect(heads[2]).toBe((heads[0] ?? 0) + 2);
    const relays: unknown[] = [];
    const changed = Promise.withResolvers<void>();
    const end = await client.query('tfgridModule', 'twins')(5, (twin: { toJSON(): unknown }) => {
      relays.push(twin.toJSON());
      if (relays.length === 2) changed.resolve();
    });
    await send('five.example', 5);
    await within(changed.promise, 'a changed twin');
    z.function().parse(end)();
    expect(relays).toMatchObject([{ relay: null }, { relay: '0x666976652e6578616d706c65' }]);
    expect(client.api.runtimeVersion.specName.toString()).toBe('substrate-threefold');
  });

  it('creates one twin for an account after it has accepted the terms, and pays also for failures', async () => {
    const account = async () => balance.parse((await client.query('system', 'account')(newcomer.publicKey)).toJSON());
    const id = async () => (await client.query('tfgridModule', 'twinIdByAccountID')(newcomer.publicKey)).toJSON();
    const before = await account();
    const create = () => client.send('createTwin', ['new.example', null], newcomer);
    expect(await create()).toEqual({ events: ['system.ExtrinsicFailed'], error: 'UserDidNotSignTermsAndConditions' });
    expect(await id()).toBeNull();
    expect(await client.send('userAcceptTc', ['link', 'hash'], newcomer)).toMatchObject({ error: undefined });
    expect((await client.query('tfgridModule', 'usersTermsAndConditions')(newcomer.publicKey)).toJSON()).toMatchObject([
      { accountId: newcomer.address, documentLink: '0x6c696e6b', documentHash: '0x68617368' },
    ]);
    expect((await create()).events).toEqual(['tfgridModule.TwinStored', 'system.ExtrinsicSuccess']);
    expect(await id()).toBe(7);
    expect((await client.query('tfgridModule', 'twins')(7)).toJSON()).toMatchObject({
      id: 7,
      accountId: newcomer.address,
      entities: [],
      pk: null,
    });
    expect(await create()).toEqual({ events: ['system.ExtrinsicFailed'], error: 'TwinWithPubkeyExists' });
    expect(await account()).toEqual({ nonce: 4, data: { free: before.data.free - 4 * FEE } });
  });

  it('reads the metadata also by a runtime call', async () => {
    const [plain, called] = [await rpc('state_getMetadata'), await rpc('state_call', 'Metadata_metadata', '0x')];
    const scale = Buffer.from(String(called.result).slice(2), 'hex');
    expect(client.api.registry.createType('Bytes', scale).toHex() === plain.result).toBe(true);
    expect(await rpc('state_call', 'Core_version', '0x')).toMatchObject({ error: { code: -32601 } });
  });

  it('works over HTTP too', async () => {
    const other = await ApiPromise.create({ provider: new HttpProvider(chain.httpUrl), noInitWarn: true });
    const twins = other.query.tfgridModule?.twins;
    expect((await twins?.(1))?.toJSON()).toMatchObject({ id: 1 });
    await other.disconnect();
  });
});

describe('the storage', () => {
  it('has the keys and values of the live chain', async () => {
    const withoutEntities = chainVectors.twins.filter(({ twin }) => twin.entities.length === 0);
    const loaded = await startDevChain({
      twins: withoutEntities.map(({ twin: { id, account, relay, pk } }) => ({
        id,
        account: `0x${account}`,
        relay,
        pk: pk === null ? null : `0x${pk}`,
      })),
    });
    await using _ = loaded;
    const other = await ApiPromise.create({ provider: new WsProvider(loaded.wsUrl), noInitWarn: true });
    for (const { id, key } of chainVectors.storageKeys.twins) {
      expect(other.query.tfgridModule?.twins?.key(id)).toBe(key);
    }
    for (const { twin, scale } of withoutEntities) {
      const key = other.query.tfgridModule?.twins?.key(twin.id) ?? '';
      expect((await other.rpc.state.getStorage(key))?.toString()).toBe(scale);
    }
    await other.disconnect();
  });
});

describe('a reader of blocks', () => {
  it('gets the hashes of a list of numbers, and null where there is no block yet', async () => {
    const one = await rpc('chain_getBlockHash', 0);
    expect(await rpc('chain_getBlockHash', [0, 4_000_000_000])).toEqual({ ...one, result: [one.result, null] });
    expect(await rpc('chain_getBlockHash', [])).toMatchObject({ result: [] });
  });

  it('gets blocks that are made at once', async () => {
    const head = z.object({ number: z.string() });
    const before = Number(head.parse((await rpc('chain_getHeader')).result).number);
    chain.makeBlocks(5);
    expect(Number(head.parse((await rpc('chain_getHeader')).result).number)).toBeGreaterThanOrEqual(before + 5);
  });
});

describe('an unknown or malformed call', () => {
  it('gets a JSON-RPC error', async () => {
    const post = async (body: string) => (await fetch(chain.httpUrl, { method: 'POST', body })).json();
    expect(await rpc('contracts_call')).toMatchObject({ error: { code: -32601, data: 'contracts_call' } });
    expect(await rpc('constructor')).toMatchObject({ error: { code: -32601 } });
    expect(await rpc('chain_subscribeNewHeads')).toMatchObject({ error: { code: -32601 } });
    expect(await rpc('state_getStorage', 'key')).toMatchObject({ error: { code: -32602 } });
    expect(await rpc('state_getStorage', '0x00', `0x${'00'.repeat(32)}`)).toMatchObject({ error: { code: 4003 } });
    expect(await post('{')).toMatchObject({ error: { code: -32700 } });
    expect(await post('[]')).toMatchObject({ error: { code: -32600 } });
    expect(await post(JSON.stringify(Array(101).fill({})))).toMatchObject({ error: { code: -32600 } });
    const batch = [{ jsonrpc: '2.0', id: 7, method: 'system_chain' }, { id: 8 }];
    expect(await post(JSON.stringify(batch))).toMatchObject([
      { id: 7, result: 'RMB development chain' },
      { error: { code: -32600 } },
    ]);
    expect((await fetch(chain.httpUrl)).status).toBe(405);
    expect((await fetch(chain.httpUrl, { method: 'POST', body: 'x'.repeat(2 ** 20 + 1) })).status).toBe(413);
  });
});
