import { describe, expect, test } from 'vitest';
import { cachesText, follows, startFollowedChain } from '../rig/chain/followed-chain.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { until } from '../rig/until.ts';

// Each test has a chain and a relay of its own: they wait for blocks and time limits, so several wait at once.

describe.concurrent('a node', () => {
  test.each(['hang', 'nonsense', 'boast', 'refuse'] as const)(
    'is replaced by another when it begins to %s',
    async (how) => {
      await using world = await startFollowedChain();
      const [bad, good] = [await world.startNode(), await world.startNode()];
      const relay = await world.startRelay(`${bad.wsUrl},${good.httpUrl}`);
      await world.update(2, 'a.example');
      await cachesText(relay, 2, 'a.example');
      await bad.behave(how);
      await world.update(2, 'b.example');
      await cachesText(relay, 2, 'b.example');
      await follows(relay, 1);
      expect(await relay.watcherStatus()).toMatchObject({ generations: 1, reconnecting: false });
    },
  );

  test('is replaced when its chain stops and the other one does not', async () => {
    // Of two nodes the watcher believes the one nearer to where a chain of 6 s a block should be: this must be such a chain.
    await using world = await startFollowedChain(6_000);
    const [still, moving] = [await world.startNode(), await world.startNode()];
    const relay = await world.startRelay(`${still.httpUrl},${moving.wsUrl}`);
    await still.behave('stall');
    await world.update(2, 'a.example');
    await cachesText(relay, 2, 'a.example');
    await follows(relay, 1);
  });
});

test('a relay serves known twins while the chain is out of reach, and sees later what changed', async () => {
  await using world = await startFollowedChain();
  const node = await world.startNode();
  const relay = await world.startRelay(node.wsUrl);
  await world.update(2, `localhost:${relay.port}`);
  await cachesText(relay, 2, `localhost:${relay.port}`);
  const [sender, receiver] = [await world.connect(relay, 1), await world.connect(relay, 2)];
  await node.behave('refuse');
  await until('the failure to be noticed', async () => (await relay.watcherStatus()).reconnecting);
  await world.update(2, 'moved.example');
  const sent = request({ twin: 1 }, { twin: 2 });
  sender.send(sent);
  expect((await receiver.next()).uid).toBe(sent.uid);
  await world.connect(relay, 1);
  await node.behave('answer');
  await cachesText(relay, 2, 'moved.example');
  expect(await relay.watcherStatus()).toMatchObject({ reconnecting: false, reconnects: 1, generations: 1 });
});
