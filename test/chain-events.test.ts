import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DevChain, startDevChain } from '../dev-chain/dev-chain.ts';
import { DEV_TWINS, devIdentity } from '../dev-chain/dev-twins.ts';
import { type LocalRelay, startRelay } from '../local-relay/relay.ts';
import { twinKey } from '../workers/twin-resolver/kv-record.ts';
import { type Behaviour, type ChainNode, startChainNode } from './rig/chain-node.ts';
import { type Client, connectAs } from './rig/client.ts';
import { request } from './rig/envelopes.ts';
import { until } from './rig/until.ts';

let open = new AsyncDisposableStack();
let chain: DevChain;
beforeEach(async () => {
  open = new AsyncDisposableStack();
  // Blocks are made by the tests: nothing happens on this chain by itself.
  chain = await startDevChain({ blockTimeMs: 3_600_000 });
  open.defer(() => chain.close());
  chain.makeBlocks(100);
});
afterEach(() => open.disposeAsync());

async function startNode(behaviour?: Behaviour): Promise<ChainNode> {
  return open.use(await startChainNode(chain, behaviour));
}

/** A relay that is at the chain's head. */
async function start(urls: string, persist?: string): Promise<LocalRelay> {
  const relay = await startRelay({ settings: { SUBSTRATE_URLS: urls }, ...(persist === undefined ? {} : { persist }) });
  open.use(relay);
  await reached(relay, 100);
  return relay;
}

async function identityOf(twin: number) {
  const dev = DEV_TWINS.find(({ id }) => id === twin);
  if (dev === undefined) throw new Error(`no twin ${twin}`);
  return await devIdentity(dev);
}

/** Writes a development twin's relay and makes the block that tells of it. */
async function update(twin: number, relay: string | null): Promise<void> {
  const { account } = await identityOf(twin);
  chain.putTwin({ id: twin, account: `0x${Buffer.from(account).toString('hex')}`, relay, pk: null });
  chain.makeBlocks(1);
}

const reached = (relay: LocalRelay, block: number) =>
  until(`block ${block} at the watcher`, async () => ((await relay.watcherStatus()).block ?? 0) >= block);
const rewritten = (relay: LocalRelay, twin: number, text: string) =>
  until(`${text} in the record of twin ${twin}`, async () => (await relay.cached(twinKey(twin)))?.includes(text));
const join = async (relay: LocalRelay, twin: number): Promise<Client> =>
  open.use(await connectAs(relay.wsUrl, twin, await identityOf(twin)));

/** What a session hears about a request to a twin that is away: nothing when it is kept, then a pong comes first. */
async function ask(client: Client, from: number, to: number): Promise<string> {
  client.send(request({ twin: from }, { twin: to }));
  client.send(request({ twin: from }, undefined, { content: { kind: 'ping' } }));
  const { content } = await client.next();
  return content?.kind === 'error' ? content.message : 'kept';
}

describe('a twin that changes on chain', () => {
  test('is rewritten in KV and routed by its new record from the next block on', async () => {
    const relay = await start(chain.wsUrl);
    await update(2, `localhost:${relay.port}`);
    await rewritten(relay, 2, `localhost:${relay.port}`);
    const first = await join(relay, 1);
    expect(await ask(first, 1, 2)).toBe('kept');
    await update(2, null);
    await rewritten(relay, 2, '"relay":null');
    // The first sender's object remembers for ten seconds what it found; another one's looks it up.
    const second = await join(relay, 3);
    expect(await ask(second, 3, 2)).toBe('relay info is not set for this twin');
    expect(await relay.watcherStatus()).toMatchObject({ block: 102, updated: 2, stored: 0, generations: 1 });
  });

  test('is seen by a watcher that was put to sleep, and counted once', async () => {
    const relay = await start(chain.httpUrl);
    await update(2, 'a.example');
    await rewritten(relay, 2, 'a.example');
    await relay.evictWatcher();
    await update(2, 'b.example');
    chain.putTwin({ id: 40, account: `0x${'ab'.repeat(32)}`, relay: 'c.example', pk: null });
    chain.makeBlocks(1);
    await rewritten(relay, 2, 'b.example');
    await rewritten(relay, 40, 'c.example');
    expect(await relay.watcherStatus()).toMatchObject({ updated: 2, stored: 1, generations: 1, reconnects: 0 });
  });
});

describe('blocks that were missed', () => {
  test('are replayed up to the threshold: the cache stays', async () => {
    const relay = await start(chain.wsUrl);
    const generation = await relay.cached('generation');
    chain.makeBlocks(300);
    await update(2, 'a.example');
    chain.makeBlocks(299);
    await rewritten(relay, 2, 'a.example');
    await reached(relay, 700);
    expect(await relay.cached('generation')).toBe(generation);
  });

  test('are given up beyond it: every record is read anew', async () => {
    const relay = await start(chain.wsUrl);
    await join(relay, 1);
    const generation = await relay.cached('generation');
    await update(2, 'a.example');
    chain.makeBlocks(600);
    await reached(relay, 701);
    const renewed = await relay.cached('generation');
    expect(renewed).not.toBe(generation);
    await join(relay, 1);
    await rewritten(relay, 1, String(renewed));
    expect(await relay.watcherStatus()).toMatchObject({ generations: 2, updated: 0 });
  });
});

describe('a node', () => {
  test.each(['hang', 'nonsense', 'boast', 'refuse'] as const)('that begins to %s is left for another', async (how) => {
    const [bad, good] = [await startNode(), await startNode()];
    const relay = await start(`${bad.wsUrl},${good.httpUrl}`);
    await update(2, 'a.example');
    await rewritten(relay, 2, 'a.example');
    expect(good.connections).toBe(0);
    await bad.behave(how);
    await update(2, 'b.example');
    await rewritten(relay, 2, 'b.example');
    await reached(relay, 102);
    expect(await relay.watcherStatus()).toMatchObject({ block: 102, generations: 1, reconnecting: false });
  });

  test('that stands still is left when another one does not', async () => {
    const [still, moving] = [await startNode(), await startNode()];
    const relay = await start(`${still.httpUrl},${moving.wsUrl}`);
    await still.behave('stall');
    await update(2, 'a.example');
    chain.makeBlocks(4);
    await rewritten(relay, 2, 'a.example');
    await reached(relay, 105);
  });
});

test('a chain out of reach: known twins are served, and what changed meanwhile is seen when it is back', async () => {
  const node = await startNode();
  const relay = await start(node.wsUrl);
  await update(2, `localhost:${relay.port}`);
  await rewritten(relay, 2, `localhost:${relay.port}`);
  await join(relay, 1);
  await node.behave('refuse');
  await until('the failure to be noticed', async () => (await relay.watcherStatus()).reconnecting);
  await update(2, 'moved.example');
  const client = await join(relay, 1);
  expect(await ask(client, 1, 2)).toBe('kept');
  await node.behave('answer');
  await rewritten(relay, 2, 'moved.example');
  expect(await relay.watcherStatus()).toMatchObject({ reconnecting: false, reconnects: 1, generations: 1 });
});

test('a block costs its stated calls: three round trips over one connection, a call for each thing', async () => {
  const node = await startNode();
  const relay = await start(node.wsUrl);
  await reached(relay, 100);
  for (let block = 101; block <= 103; block += 1) {
    await until('the watcher to be idle', async () => node.asked.at(-1)?.[0] === 'chain_getBlockHash');
    node.asked.length = 0;
    const before = node.connections;
    chain.makeBlocks(1);
    await reached(relay, block);
    expect([node.asked, node.connections - before]).toEqual([
      [
        ['chain_getBlockHash', 'chain_getHeader'],
        ['chain_getBlockHash'],
        ['state_getRuntimeVersion', 'state_getStorage'],
      ],
      1,
    ]);
  }
});
