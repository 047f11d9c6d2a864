import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DevChain, startDevChain } from '../../dev-chain/dev-chain.ts';
import { DEV_TWINS, devIdentity } from '../../dev-chain/dev-twins.ts';
import { miniSecret } from '../../proto/seed.ts';
import { updateTwin } from './update-process.ts';

let chain: DevChain;
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 200 });
});
afterAll(() => chain[Symbol.asyncDispose]());

const never = new Promise<void>(() => undefined);

async function orderOf(relay: string, url = chain.wsUrl) {
  const [twin] = DEV_TWINS;
  if (twin === undefined) throw new Error('no development twin');
  const { e2ePublicKey, keyType } = await devIdentity(twin);
  const seed = miniSecret(twin.secret);
  if (!seed.ok) throw new Error(seed.error.detail);
  return { url, key: { seed: seed.value, keyType }, profile: { relay, pk: e2ePublicKey } };
}

it('writes a twin on chain', { timeout: 20_000 }, async () => {
  await updateTwin(await orderOf('relay.example'), never);
});

it('says what the chain holds against it', { timeout: 20_000 }, async () => {
  const order = await orderOf('relay.example');
  const stranger = { ...order.key, seed: new Uint8Array(32).fill(7) };
  await expect(updateTwin({ ...order, key: stranger }, never)).rejects.toThrow(/^1010: .*pay some fees/);
});

it('says that a node is not there, without its URL', { timeout: 20_000 }, async () => {
  const failed = updateTwin(await orderOf('relay.example', 'ws://127.0.0.1:9/KEY'), never);
  await expect(failed).rejects.toThrow(/^the node cannot be connected to$/);
});

it('ends at once when nobody waits for it any more', { timeout: 20_000 }, async () => {
  const failed = updateTwin(await orderOf('relay.example'), Promise.resolve());
  await expect(failed).rejects.toThrow('the process that writes it was ended');
});
