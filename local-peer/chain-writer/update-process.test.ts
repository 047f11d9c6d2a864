import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ed25519Signer } from '../../client/crypto/ed25519.ts';
import { miniSecret } from '../../proto/crypto/seed.ts';
import { startScriptedNode } from '../../test/rig/chain/scripted-node.ts';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS, devIdentity } from '../../tools/dev-chain/ledger/dev-twins.ts';
import { updateTwin } from './update-process.ts';

/** An account with funds and no twin. */
const NEWCOMER = new Uint8Array(32).fill(9);
const newcomer = ed25519Signer(NEWCOMER);
const hexOf = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;

let chain: DevChain;
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 200, funded: [hexOf(newcomer.account)] });
});
afterAll(() => chain[Symbol.asyncDispose]());

const never = new AbortController().signal;

async function orderOf(relay: string, url = chain.wsUrl) {
  const [twin] = DEV_TWINS;
  if (twin === undefined) throw new Error('no development twin');
  const { e2ePublicKey, keyType } = await devIdentity(twin);
  const seed = miniSecret(twin.secret);
  if (!seed.ok) throw new Error(seed.error.detail);
  return { url, key: { seed: seed.value, keyType }, profile: { relay, pk: e2ePublicKey } };
}

it('writes a twin on chain', async () => {
  expect(await updateTwin(await orderOf('relay.example'), never)).toBeUndefined();
  // A peer that cannot pay tries for weeks: a finished process must leave no listener.
  expect(getEventListeners(never, 'abort')).toEqual([]);
});

it('reports the chain’s reason', async () => {
  const order = await orderOf('relay.example');
  const stranger = { ...order.key, seed: new Uint8Array(32).fill(7) };
  await expect(updateTwin({ ...order, key: stranger }, never)).rejects.toThrow(/^1010: .*pay some fees/);
});

it('tells a refusal in a block, which cost a fee, from a transaction that reached no block', async () => {
  const order = await orderOf('relay.example');
  const refused = updateTwin({ ...order, key: { seed: NEWCOMER, keyType: 'ed25519' } }, never);
  expect(await refused).toBe('tfgridModule.TwinNotExists');
}, 20_000);

it('reports a node that is away, without its URL', async () => {
  const failed = updateTwin(await orderOf('relay.example', 'ws://127.0.0.1:9/KEY'), never);
  await expect(failed).rejects.toThrow(/^the node cannot be connected to$/);
});

it('quotes a node’s reason in few words, which cannot move a cursor', async () => {
  const refusal = new Error(`no\u001b[2J\n${'x'.repeat(10_000)}`);
  await using node = await startScriptedNode({ chain_getBlockHash: refusal });
  const failed = updateTwin(await orderOf('relay.example', node.url), never);
  await expect(failed).rejects.toThrow(/^[\x20-\x7e]{100,120}$/);
});

it('ends at once when the peer stops', async () => {
  const failed = updateTwin(await orderOf('relay.example'), AbortSignal.abort());
  await expect(failed).rejects.toThrow('the writing process was ended');
});

it('reports a process that cannot start, and keeps the peer alive', async () => {
  const order = await orderOf('relay.example');
  const program = `
    import { openSync } from 'node:fs';
    import { updateTwin } from '${new URL('update-process.ts', import.meta.url)}';
    const order = { ...${JSON.stringify({ ...order, key: { ...order.key, seed: [] } })}, profile: { relay: '', pk: [] } };
    try { for (;;) openSync('/dev/null'); } catch {}
    await updateTwin(order, new AbortController().signal).catch(({ message }) => console.log(message));
    await new Promise((resolve) => setImmediate(resolve));
    console.log('goes on');
    process.exit();
  `;
  const args = ['-c', 'ulimit -n 64; exec "$0" --input-type=module -e "$1"', process.execPath, program];
  const { stdout } = await promisify(execFile)('sh', args);
  expect(stdout).toMatch(/ EMFILE\ngoes on\n$/);
});
