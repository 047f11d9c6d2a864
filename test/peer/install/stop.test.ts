import { expect, it } from 'vitest';
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import { splitSeal } from '../../../proto/seal/seal.ts';
import { startNetwork } from '../../rig/chain/network.ts';
import { within } from '../../rig/clients/client.ts';
import { request } from '../../rig/envelopes/envelopes.ts';
import { localRequest, startPeerRig } from '../../rig/peer/peer.ts';
import { openProgram } from '../../rig/redis/program.ts';
import { startRedis } from '../../rig/redis/redis.ts';
import { until } from '../../rig/until.ts';

it('a peer that stops loses no message', async () => {
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
    await until('a command', () => (rig.counted.get('command-delivered') ?? 0) > 0);
    await within(rig.peer.close(), 'the end of the peer');
  }
  await using _ = await startPeerRig(network, 2, options);
  const came: (string | undefined)[] = [];
  while (came.length < outgoing.length) came.push(splitSeal((await session.next()).tags)?.tags);
  // Once each: what had been sent is not sent again by the next start.
  expect(came.sort()).toEqual([...outgoing].sort());
  await until('all commands', async () => (await program.redis.lLen('msgbus.test.stop')) === incoming.length);
  const entries = await program.redis.lRange('msgbus.test.stop', 0, -1);
  expect(entries.map((text) => JSON.parse(text).tag).sort()).toEqual([...incoming].sort());
});

it('a peer that stops while others ask for its version ends at once and repeats nothing', async () => {
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
  // It handles some of them, and more are pending than it handles at once.
  await session.next();
  await rig.peer.close();
  // A stop that was cut off would have left what was sent for the next start.
  expect(await program.redis.hLen('msgbus.system.v2.local.claimed')).toBe(0);
});
