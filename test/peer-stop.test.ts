import { expect, it } from 'vitest';
import { splitSeal } from '../proto/seal/seal.ts';
import { signEnvelope } from '../proto/signature.ts';
import { within } from './rig/client.ts';
import { request } from './rig/envelopes.ts';
import { startNetwork } from './rig/network.ts';
import { localRequest, startPeerRig } from './rig/peer.ts';
import { openProgram } from './rig/program.ts';
import { startRedis } from './rig/redis.ts';

it('a peer that stops loses nothing of what comes in meanwhile, nor of what it has in hand', async () => {
  await using network = await startNetwork();
  await using redis = await startRedis();
  await using session = await network.join(6);
  await using program = await openProgram(redis.url);
  const me = await network.identity(6);
  const incoming = Array.from({ length: 60 }, (_, n) => `in-${n}`);
  const outgoing = Array.from({ length: 60 }, (_, n) => `out-${n}`);
  const options = { redis: redis.url, update: false };
  {
    await using rig = await startPeerRig(network, 2, options);
    for (const tags of incoming) {
      const asked = request({ twin: 6 }, { twin: 2 }, { tags, content: { kind: 'request', command: 'test.stop' } });
      session.send(await signEnvelope(asked, me));
    }
    for (const tag of outgoing) await rig.request(localRequest({ dst: [6], cmd: 'x', tag }));
    await expect.poll(() => rig.counted.get('command-delivered'), { timeout: 20_000 }).toBeGreaterThan(0);
    await within(rig.peer.close(), 'the end of the peer');
  }
  await using _ = await startPeerRig(network, 2, options);
  const came: (string | undefined)[] = [];
  while (came.length < outgoing.length) came.push(splitSeal((await session.next()).tags)?.tags);
  // Once each: what had been sent is not sent again by the next start.
  expect(came.sort()).toEqual([...outgoing].sort());
  await expect.poll(() => program.redis.lLen('msgbus.test.stop'), { timeout: 20_000 }).toBe(incoming.length);
  const entries = await program.redis.lRange('msgbus.test.stop', 0, -1);
  expect(entries.map((text) => JSON.parse(text).tag).sort()).toEqual([...incoming].sort());
});

it('a peer that stops while others ask it for its version leaves at once, and sends nothing again', async () => {
  await using network = await startNetwork();
  await using redis = await startRedis();
  await using session = await network.join(6);
  await using program = await openProgram(redis.url);
  const me = await network.identity(6);
  await using rig = await startPeerRig(network, 2, { redis: redis.url, update: false });
  await rig.request(localRequest({ dst: [6], cmd: 'x' }));
  await session.next();
  const asked = request({ twin: 6 }, { twin: 2 }, { content: { kind: 'request', command: 'rmb.version' } });
  const questions = await Promise.all(
    Array.from({ length: 800 }, (_, n) => signEnvelope({ ...asked, uid: `version-${n}` }, me)),
  );
  for (const question of questions) session.send(question);
  // It is in the middle of them, and more stand at its door than it takes at once.
  await session.next();
  await rig.peer.close();
  // A stop that was cut off would have left what was sent for the next start.
  expect(await program.redis.hLen('msgbus.system.v2.local.claimed')).toBe(0);
});
