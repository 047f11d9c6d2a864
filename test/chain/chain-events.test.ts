import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { devEntries } from '../../tools/dev-chain/ledger/twin-entry.ts';
import { cachesText, follows, startFollowedChain } from '../rig/chain/followed-chain.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { sleep } from '../rig/relay/metered.ts';
import { until } from '../rig/until.ts';

// Each test has a chain and a relay of its own. Those that only wait for blocks run beside each other.

describe('a twin that changes on chain', () => {
  test('is rewritten in KV and routed by its new record from the next block on', async () => {
    await using world = await startFollowedChain();
    const relay = await world.startRelay(world.chain.wsUrl);
    await world.update(2, `localhost:${relay.port}`);
    await cachesText(relay, 2, `localhost:${relay.port}`);
    const sent = request({ twin: 1 }, { twin: 2 });
    (await world.connect(relay, 1)).send(sent);
    expect((await (await world.connect(relay, 2)).next()).uid).toBe(sent.uid);
    await world.update(4, `localhost:${relay.port}`);
    await cachesText(relay, 4, `localhost:${relay.port}`);
    await world.update(4, null);
    await cachesText(relay, 4, '"relay":null');
    const client = await world.connect(relay, 3);
    client.send(request({ twin: 3 }, { twin: 4 }));
    expect(await client.next()).toHaveProperty('content.message', 'relay info is not set for this twin');
    expect(await relay.watcherStatus()).toMatchObject({ updated: 3, stored: 0, generations: 1 });
  });

  test('is seen once by a watcher that was asleep', async () => {
    await using world = await startFollowedChain();
    const relay = await world.startRelay(world.chain.httpUrl);
    await world.update(2, 'a.example');
    await cachesText(relay, 2, 'a.example');
    await relay.evictWatcher();
    await world.update(2, 'b.example');
    world.chain.putTwin({ id: 40, account: `0x${'ab'.repeat(32)}`, relay: 'c.example', pk: null });
    world.chain.makeBlocks(1);
    await cachesText(relay, 2, 'b.example');
    await cachesText(relay, 40, 'c.example');
    expect(await relay.watcherStatus()).toMatchObject({ updated: 2, stored: 1, generations: 1, reconnects: 0 });
  });
});

describe.concurrent('blocks that were missed', () => {
  test('are replayed up to the threshold, with the cache kept', async () => {
    await using world = await startFollowedChain();
    const relay = await world.startRelay(world.chain.wsUrl);
    const generation = await relay.cached('generation');
    // Far from the threshold of 600: on a slow machine the chain makes many more before the watcher looks.
    world.chain.makeBlocks(200);
    await world.update(2, 'a.example');
    world.chain.makeBlocks(100);
    await cachesText(relay, 2, 'a.example');
    await follows(relay, 1);
    expect(await relay.cached('generation')).toBe(generation);
  });

  test('are skipped beyond it, and every record is read again', async () => {
    await using world = await startFollowedChain();
    const relay = await world.startRelay(world.chain.wsUrl);
    await world.connect(relay, 1);
    const generation = await relay.cached('generation');
    await world.update(2, 'a.example');
    world.chain.makeBlocks(700);
    const changed = async () => {
      const now = await relay.cached('generation');
      return now !== generation && now;
    };
    const renewed = await until('a new generation', changed);
    await world.connect(relay, 1);
    await cachesText(relay, 1, String(renewed));
    expect(await relay.watcherStatus()).toMatchObject({ generations: 2, updated: 0 });
  });
});

test.concurrent('a relay that starts again with another chain forgets the twins of the old one', async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'rmb-relay-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const world = stack.use(await startFollowedChain());
  const first = await world.startRelay(world.chain.wsUrl, directory);
  await world.update(2, 'old-chain.example');
  await cachesText(first, 2, 'old-chain.example');
  await first.close();
  await using other = await startDevChain({ blockTimeMs: 250, twins: (await devEntries()).slice(0, 1) });
  const second = await world.startRelay(other.wsUrl, directory);
  expect(await second.watcherStatus()).toMatchObject({ generations: 2 });
  await expect(world.connect(second, 2)).rejects.toThrow('twin not found 2');
});

test.concurrent('an idle twin’s object sleeps through new blocks and keeps its session', async () => {
  await using world = await startFollowedChain();
  const relay = await world.startRelay(world.chain.wsUrl);
  const client = await world.connect(relay, 1);
  await sleep(relay, 1);
  await follows(relay, 20);
  await expect(relay.evict(1)).rejects.toThrow('not currently running');
  client.send(request({ twin: 1 }, undefined, { content: { kind: 'ping' } }));
  expect((await client.next()).content?.kind).toBe('pong');
  await sleep(relay, 1);
});

test('a look costs one connection, three calls, and two more for each block', async () => {
  await using world = await startFollowedChain();
  const node = await world.startNode();
  const relay = await world.startRelay(node.wsUrl);
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
  expect(read).toBeLessThanOrEqual(world.chain.head);
});
