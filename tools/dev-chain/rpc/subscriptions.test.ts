import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Chain } from '../ledger/chain.ts';
import type { LedgerTwin } from '../ledger/ledger.ts';
import { buildMetadata } from '../metadata/metadata.ts';
import { readRuntime } from '../metadata/runtime.ts';
import { toHex } from '../metadata/scale.ts';
import { SUBSCRIPTION_METHODS, Subscriptions } from './subscriptions.ts';

const runtime = readRuntime(buildMetadata());
const twin: LedgerTwin = { id: 7, account: `0x${'cc'.repeat(32)}`, relay: null, entities: [], pk: null };

function connect() {
  const chain = new Chain(runtime, { twins: [], funded: [] }, 1_000);
  const sent: { method: string; params: { subscription: string; result: unknown } }[] = [];
  return { chain, sent, subscriptions: new Subscriptions(chain, (text) => sent.push(JSON.parse(text))) };
}

describe('Subscriptions', () => {
  it('sends the head at once, and each new block until the subscription ends', async () => {
    const { chain, sent, subscriptions } = connect();
    const id = await subscriptions.call('chain_subscribeNewHeads', []);
    await setImmediate();
    chain.makeBlock(2_000);
    expect(sent.map(({ method }) => method)).toEqual(['chain_newHead', 'chain_newHead']);
    expect(sent.at(-1)?.params).toEqual({ subscription: id, result: chain.head.header });
    expect(await subscriptions.call('chain_unsubscribeNewHeads', [id])).toBe(true);
    expect(await subscriptions.call('chain_unsubscribeNewHeads', [id])).toBe(false);
    chain.makeBlock(3_000);
    expect(sent.length).toBe(2);
  });

  it('sends keys of storage only when they change', async () => {
    const { chain, sent, subscriptions } = connect();
    const [key, bytes] = runtime.storage.twin(twin);
    await subscriptions.call('state_subscribeStorage', [[key]]);
    await setImmediate();
    chain.makeBlock(2_000);
    chain.place(twin);
    chain.makeBlock(3_000);
    expect(sent.map(({ params }) => params.result)).toEqual([
      expect.objectContaining({ changes: [[key, null]] }),
      expect.objectContaining({ changes: [[key, bytes && toHex(bytes)]] }),
    ]);
  });

  it('refuses an invalid extrinsic', async () => {
    const { subscriptions } = connect();
    await expect(subscriptions.call('author_submitAndWatchExtrinsic', ['0x00'])).rejects.toThrow('Invalid Transaction');
  });

  it('refuses more than 1,024 subscriptions of a connection', async () => {
    const { subscriptions } = connect();
    for (let n = 0; n < 1024; n += 1) await subscriptions.call('chain_subscribeNewHeads', []);
    await expect(subscriptions.call('chain_subscribeNewHeads', [])).rejects.toThrow('at most 1024 subscriptions');
  });

  it('ends with its connection', async () => {
    const { chain, sent, subscriptions } = connect();
    await subscriptions.call('chain_subscribeNewHeads', []);
    await setImmediate();
    subscriptions.close();
    chain.makeBlock(2_000);
    expect(sent.length).toBe(1);
  });

  it('handles its own methods only', () => {
    const { subscriptions } = connect();
    expect(SUBSCRIPTION_METHODS.every((method) => subscriptions.handles(method))).toBe(true);
    expect(subscriptions.handles('chain_getBlock')).toBe(false);
  });
});
