import { Keyring } from '@polkadot/api';
import { expandMetadata, Metadata, TypeRegistry } from '@polkadot/types';
import type { RuntimeVersion } from '@polkadot/types/interfaces';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Chain } from '../ledger/chain.ts';
import { buildMetadata } from './metadata.ts';
import { readRuntime } from './runtime.ts';

const pair = new Keyring().addFromSeed(new Uint8Array(32).fill(0xa1), {}, 'ed25519');
const account = `0x${Buffer.from(pair.publicKey).toString('hex')}`;

const variants = z.looseObject({ variants: z.array(z.looseObject({ index: z.number() })) });
const type = z.looseObject({ path: z.array(z.string()), def: z.looseObject({ variant: variants.optional() }) });
const described = z.looseObject({
  lookup: z.object({ types: z.array(z.looseObject({ type })) }),
  pallets: z.array(z.looseObject({ name: z.string(), index: z.number() })),
  extrinsic: z.looseObject({ signedExtensions: z.array(z.looseObject({ identifier: z.string() })) }),
});

const encode = (metadata: z.infer<typeof described>): `0x${string}` =>
  `0x6d6574610e${Buffer.from(new TypeRegistry().createType('MetadataV14', metadata).toU8a()).toString('hex')}`;
const decode = (hex: `0x${string}`) => described.parse(new Metadata(new TypeRegistry(), hex).asV14.toJSON());

/** The dev chain's metadata with all pallets, calls, events and errors numbered from 100 on. */
function renumbered(): `0x${string}` {
  const metadata = decode(buildMetadata());
  for (const pallet of metadata.pallets) pallet.index += 100;
  for (const { type } of metadata.lookup.types) {
    const isNumbered = /pallet::(Call|Event|Error)$|::Runtime(Call|Event)$/.test(type.path.join('::'));
    for (const variant of (isNumbered && type.def.variant?.variants) || []) variant.index += 100;
  }
  return encode(metadata);
}

/** The dev chain's metadata with other signed extensions, in another order. */
function extended(): `0x${string}` {
  const metadata = decode(buildMetadata());
  const [first, ...others] = metadata.extrinsic.signedExtensions.reverse();
  if (first === undefined) throw new Error('no signed extensions');
  metadata.extrinsic.signedExtensions = [first, { ...first, identifier: 'CheckMetadataHash' }, ...others];
  return encode(metadata);
}

/** A client and a chain that share only metadata. It sends calls one after the other and reads each block's events. */
function play(hex: `0x${string}`) {
  const chain = new Chain(readRuntime(hex), { twins: [], funded: [account] }, 1_000);
  const registry = new TypeRegistry();
  const metadata = new Metadata(registry, hex);
  registry.setMetadata(metadata);
  const { tx } = expandMetadata(registry, metadata);
  return async (name: string, ...args: unknown[]) => {
    const extrinsic = registry.createType('Extrinsic', tx.tfgridModule?.[name]?.(...args), { version: 4 });
    const { genesis: genesisHash } = chain;
    const runtimeVersion = registry.createTypeUnsafe<RuntimeVersion>('RuntimeVersion', [chain.runtime.version]);
    const nonce = chain.nextNonce(account);
    extrinsic.sign(pair, { blockHash: genesisHash, genesisHash, nonce, runtimeVersion, tip: 5 });
    const taken = await chain.submit(extrinsic.toHex());
    if (!taken.ok) throw new Error(taken.error);
    const bytes = chain.makeBlock(2_000).state.get(chain.runtime.storage.events);
    const events = z.array(z.object({ event: z.object({ index: z.string(), data: z.unknown() }) }));
    return events.parse(registry.createType('Vec<EventRecord>', bytes).toJSON()).map(({ event }) => event);
  };
}

describe('a chain with the metadata of', () => {
  it.each([
    ['the dev chain', buildMetadata(), 0],
    ['a network with other indices', renumbered(), 100],
    ['a network with other signed extensions', extended(), 0],
  ])('%s accepts calls and emits events at its indices', async (_, hex, offset) => {
    const send = play(hex);
    const index = (pallet: number, event: number) =>
      `0x${Buffer.from([pallet + offset, event + offset]).toString('hex')}`;
    const error = (error: number) => ({
      index: index(0, 1),
      data: [
        { module: { index: 25 + offset, error: `0x${Buffer.from([error + offset, 0, 0, 0]).toString('hex')}` } },
        expect.objectContaining({ class: 'Normal', paysFee: 'Yes' }),
      ],
    });
    const success = expect.objectContaining({ index: index(0, 0) });
    expect(await send('createTwin', null, null)).toEqual([error(39)]);
    expect(await send('userAcceptTc', 'link', 'hash')).toEqual([success]);
    const twin = { id: 1, relay: '0x72', entities: [], pk: null };
    expect(await send('createTwin', 'r', null)).toMatchObject([{ index: index(25, 11), data: [twin] }, success]);
    expect(await send('createTwin', 'r', null)).toEqual([error(28)]);
    const updated = { ...twin, relay: null, pk: '0x6b' };
    expect(await send('updateTwin', null, 'k')).toMatchObject([{ index: index(25, 12), data: [updated] }, success]);
  });
});

describe('metadata', () => {
  it('is refused without twins, naming the missing part', () => {
    const metadata = decode(buildMetadata());
    const without = (name: string) =>
      encode({ ...metadata, pallets: metadata.pallets.filter((pallet) => pallet.name !== name) });
    expect(() => readRuntime(without('TfgridModule'))).toThrow('the metadata has no tfgridModule.twins in storage');
    expect(() => readRuntime(without('System'))).toThrow('the metadata has no System.Version');
    expect(() => readRuntime('0x6d6574610e')).toThrow();
  });

  it('has the version that clients read and sign', () => {
    const { version } = readRuntime(buildMetadata());
    expect(version).toMatchObject({ specName: 'substrate-threefold', specVersion: 150, transactionVersion: 2 });
  });
});
