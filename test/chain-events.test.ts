import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DevChain, startDevChain } from '../dev-chain/dev-chain.ts';
import { DEV_TWINS, devIdentity } from '../dev-chain/dev-twins.ts';
import { devEntries } from '../dev-chain/twin-entry.ts';
import { type LocalRelay, startRelay } from '../local-relay/relay.ts';
import { twinKey } from '../workers/twin-resolver/kv-record.ts';
import { type Behaviour, type ChainNode, startChainNode } from './rig/chain-node.ts';
import { type Client, connectAs } from './rig/client.ts';
import { request } from './rig/envelopes.ts';
import { bundleMetered, sleep } from './rig/metered.ts';
import { until } from './rig/until.ts';

let open = new AsyncDisposableStack();
let chain: DevChain;
beforeEach(async () => {
  open = new AsyncDisposableStack();
  chain = await startDevChain({ blockTimeMs: 250 });
  open.defer(() => chain.close());
});
afterEach(() => open.disposeAsync());

async function startNode(behaviour?: Behaviour): Promise<ChainNode> {
  return open.use(await startChainNode(chain, behaviour));
}

/** A relay that is at the chain's head. */
async function start(urls: string, persist?: string): Promise<LocalRelay> {
  const settings = { SUBSTRATE_URLS: urls };
  const options = { settings, bundle: bundleMetered, ...(persist === undefined ? {} : { persist }) };
  const relay = open.use(await startRelay(options));
  await until('the first block at the watcher', async () => (await relay.watcherStatus()).block);
  await follows(relay, 1);
  return relay;
}

async function identityOf(twin: number) {
  const dev = DEV_TWINS.find(({ id }) => id === twin);
  if (dev === undefined) throw new Error(`no twin ${twin}`);
  return await devIdentity(dev);
}

/** Writes a development twin's relay and makes the block that tells of it at once. */
async function update(twin: number, relay: string | null): Promise<void> {
  const { account } = await identityOf(twin);
  chain.putTwin({ id: twin, account: `0x${Buffer.from(account).toString('hex')}`, relay, pk: null });
  chain.makeBlocks(1);
}

/** Waits until the watcher has dealt with so many more blocks. */
async function follows(relay: LocalRelay, blocks: number): Promise<void> {
  const { block = 0 } = await relay.watcherStatus();
  await until('more blocks at the watcher', async () => ((await relay.watcherStatus()).block ?? 0) >= block + blocks);
}
const rewritten = (relay: LocalRelay, twin: number, text: string) =>
  until(`${text} in the record of twin ${twin}`, async () => (await relay.cached(twinKey(twin)))?.includes(text));
const connected = async (relay: LocalRelay, twin: number): Promise<Client> =>
  open.use(await connectAs(relay.wsUrl, twin, await identityOf(twin)));

describe('a twin that changes on chain', () => {
  test('is rewritten in KV and routed by its new record from the next block on', async () => {
    const relay = await start(chain.wsUrl);
    await update(2, `localhost:${relay.port}`);
    await rewritten(relay, 2, `localhost:${relay.port}`);
    const letter = request({ twin: 1 }, { twin: 2 });
    (await connected(relay, 1)).send(letter);
    expect((await (await connected(relay, 2)).next()).uid).toBe(letter.uid);
    await update(4, `localhost:${relay.port}`);
    await rewritten(relay, 4, `localhost:${relay.port}`);
    await update(4, null);
    await rewritten(relay, 4, '"relay":null');
    const client = await connected(relay, 3);
    client.send(request({ twin: 3 }, { twin: 4 }));
    expect(await client.next()).toHaveProperty('content.message', 'relay info is not set for this twin');
    expect(await relay.watcherStatus()).toMatchObject({ updated: 3, stored: 0, generations: 1 });
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
    // Far from the threshold of 600: on a slow machine the chain makes many more before the watcher looks.
    chain.makeBlocks(200);
    await update(2, 'a.example');
    chain.makeBlocks(100);
    await rewritten(relay, 2, 'a.example');
    await follows(relay, 1);
    expect(await relay.cached('generation')).toBe(generation);
  });

  test('are given up beyond it: every record is read anew', async () => {
    const relay = await start(chain.wsUrl);
    await connected(relay, 1);
    const generation = await relay.cached('generation');
    await update(2, 'a.example');
    chain.makeBlocks(700);
    const changed = async () => {
      const now = await relay.cached('generation');
      return now !== generation && now;
    };
    const renewed = await until('a new generation', changed);
    await connected(relay, 1);
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
    await bad.behave(how);
    await update(2, 'b.example');
    await rewritten(relay, 2, 'b.example');
    await follows(relay, 1);
    expect(await relay.watcherStatus()).toMatchObject({ generations: 1, reconnecting: false });
  });

  test('that stands still is left when another one does not', async () => {
    // Of two nodes the one is believed that is nearer to where a chain of 6 s a block should be: this must be such a chain.
    chain = open.use(await startDevChain({ blockTimeMs: 6_000 }));
    const [still, moving] = [await startNode(), await startNode()];
    const relay = await start(`${still.httpUrl},${moving.wsUrl}`);
    await still.behave('stall');
    await update(2, 'a.example');
    await rewritten(relay, 2, 'a.example');
    await follows(relay, 1);
  });
});

test('a chain out of reach: known twins are served, and what changed meanwhile is seen when it is back', async () => {
  const node = await startNode();
  const relay = await start(node.wsUrl);
  await update(2, `localhost:${relay.port}`);
  await rewritten(relay, 2, `localhost:${relay.port}`);
  const [sender, receiver] = [await connected(relay, 1), await connected(relay, 2)];
  await node.behave('refuse');
  await until('the failure to be noticed', async () => (await relay.watcherStatus()).reconnecting);
  await update(2, 'moved.example');
  const letter = request({ twin: 1 }, { twin: 2 });
  sender.send(letter);
  expect((await receiver.next()).uid).toBe(letter.uid);
  await connected(relay, 1);
  await node.behave('answer');
  await rewritten(relay, 2, 'moved.example');
  expect(await relay.watcherStatus()).toMatchObject({ reconnecting: false, reconnects: 1, generations: 1 });
});

test('a relay that is started again with another chain knows nothing of the old one’s twins', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rmb-relay-'));
  open.defer(() => rm(directory, { recursive: true, force: true }));
  const first = await start(chain.wsUrl, directory);
  await update(2, 'old-chain.example');
  await rewritten(first, 2, 'old-chain.example');
  await first.close();
  const other = await startDevChain({ blockTimeMs: 250, twins: (await devEntries()).slice(0, 1) });
  open.defer(() => other.close());
  const second = await start(other.wsUrl, directory);
  expect(await second.watcherStatus()).toMatchObject({ generations: 2 });
  await expect(connected(second, 2)).rejects.toThrow('twin not found 2');
});

test('nobody wakes an idle twin: its object sleeps while blocks go by, and its session lives', async () => {
  const relay = await start(chain.wsUrl);
  const client = await connected(relay, 1);
  await sleep(relay, 1);
  await follows(relay, 20);
  await expect(relay.evict(1)).rejects.toThrow('not currently running');
  client.send(request({ twin: 1 }, undefined, { content: { kind: 'ping' } }));
  expect((await client.next()).content?.kind).toBe('pong');
  await sleep(relay, 1);
});

test('a look costs one connection and three calls, and two more for each block', async () => {
  const node = await startNode();
  const relay = await start(node.wsUrl);
  await follows(relay, 20);
  const looks = node.asked
    .flat()
    .join(' ')
    .split(/(?=chain_getBlockHash chain_getHeader)/);
  expect(node.connections).toBe(looks.length);
  // The first two found the chain and learned its metadata; the last may be under way.
  const block = 'state_getRuntimeVersion state_getStorage';
  for (const look of looks.slice(2, -1)) {
    expect(look.trim()).toMatch(new RegExp(`^chain_getBlockHash chain_getHeader chain_getBlockHash( ${block})*$`));
  }
  // Each block is read once.
  const read = node.asked.flat().filter((method) => method === 'state_getStorage').length;
  expect(read).toBeLessThanOrEqual(chain.head);
});
