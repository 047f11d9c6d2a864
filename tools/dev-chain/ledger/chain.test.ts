import { Keyring } from '@polkadot/api';
import { expandMetadata, Metadata, TypeRegistry } from '@polkadot/types';
import type { RuntimeVersion } from '@polkadot/types/interfaces';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildMetadata } from '../metadata/metadata.ts';
import { readRuntime } from '../metadata/runtime.ts';
import { toHex } from '../metadata/scale.ts';
import { Chain } from './chain.ts';
import type { LedgerTwin } from './ledger.ts';

const runtime = readRuntime(buildMetadata());
const pair = new Keyring().addFromSeed(new Uint8Array(32).fill(0xb2), {}, 'ed25519');
const account = `0x${Buffer.from(pair.publicKey).toString('hex')}`;
const other = `0x${'cc'.repeat(32)}`;
const twin: LedgerTwin = { id: 7, account: other, relay: new Uint8Array([0x72]), entities: [], pk: null };

const newChain = (funded: readonly string[] = [account]) => new Chain(runtime, { twins: [], funded }, 1_000);

/** Returns a signed call of user_accept_tc. */
function signedCall(chain: Chain, nonce: number): string {
  const registry = new TypeRegistry();
  const metadata = new Metadata(registry, runtime.metadata);
  registry.setMetadata(metadata);
  const call = expandMetadata(registry, metadata).tx.tfgridModule?.userAcceptTc?.('link', 'hash');
  const extrinsic = registry.createType('Extrinsic', call, { version: 4 });
  const { genesis: genesisHash } = chain;
  const runtimeVersion = registry.createTypeUnsafe<RuntimeVersion>('RuntimeVersion', [runtime.version]);
  extrinsic.sign(pair, { blockHash: genesisHash, genesisHash, nonce, runtimeVersion, tip: 0 });
  return extrinsic.toHex();
}

/** Returns the names of the head's events. */
function eventsOf(chain: Chain): string[] {
  const bytes = chain.head.state.get(runtime.storage.events);
  const records = z.array(z.object({ event: z.object({ method: z.string() }) }));
  return records
    .parse(runtime.registry.createType('Vec<EventRecord>', bytes).toHuman())
    .map(({ event }) => event.method);
}

describe('Chain', () => {
  it('has the same genesis for the same twins at any time', () => {
    const start = (now: number) => new Chain(runtime, { twins: [twin], funded: [] }, now).genesis;
    expect(start(1_000)).toBe(start(2_000));
    expect(start(1_000)).not.toBe(newChain().genesis);
  });

  it('executes the calls of its pool in the next block', async () => {
    const chain = newChain();
    const [first, second] = [await chain.submit(signedCall(chain, 0)), await chain.submit(signedCall(chain, 1))];
    expect([first.ok, second.ok, chain.nextNonce(account)]).toEqual([true, true, 2]);
    const block = chain.makeBlock(2_000);
    expect(block.extrinsics.length).toBe(2);
    expect(chain.head).toBe(block);
    expect(eventsOf(chain)).toEqual(['ExtrinsicSuccess', 'ExtrinsicSuccess']);
    expect(chain.makeBlock(3_000).extrinsics).toEqual([]);
  });

  it('refuses other nonces than the next one, and what is not an extrinsic', async () => {
    const chain = newChain();
    expect(await chain.submit(signedCall(chain, 1))).toEqual({ ok: false, error: 'Transaction is not yet valid' });
    await chain.submit(signedCall(chain, 0));
    expect(await chain.submit(signedCall(chain, 0))).toEqual({ ok: false, error: 'Transaction is outdated' });
    expect(await chain.submit('0x00')).toMatchObject({ ok: false });
  });

  it('refuses an account that cannot pay the fee', async () => {
    const chain = newChain();
    chain.drain(account);
    expect(await chain.submit(signedCall(chain, 0))).toEqual({
      ok: false,
      error: 'Inability to pay some fees (e.g. account balance too low)',
    });
  });

  it('reports a placed twin in the next block, as stored and then as updated', () => {
    const chain = newChain();
    chain.place(twin);
    const [key, bytes] = runtime.storage.twin(twin);
    expect(chain.head.state.get(key)).toBe(bytes && toHex(bytes));
    chain.makeBlock(2_000);
    expect(eventsOf(chain)).toEqual(['TwinStored']);
    chain.place({ ...twin, relay: null });
    expect(chain.makeBlock(3_000).state.changed.has(key)).toBe(true);
    expect(eventsOf(chain)).toEqual(['TwinUpdated']);
  });

  it('calls its listeners after each block until they end', () => {
    const chain = newChain();
    const seen: number[] = [];
    const end = chain.onBlock(({ number }) => seen.push(number));
    chain.makeBlock(2_000);
    end();
    chain.makeBlock(3_000);
    expect(seen).toEqual([1]);
  });
});
