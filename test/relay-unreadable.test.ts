import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DevChain, startDevChain } from '../dev-chain/dev-chain.ts';
import { startRelay } from '../local-relay/relay.ts';
import { type Client, connectAs } from './rig/client.ts';
import { request } from './rig/envelopes.ts';
import { bundleMutant } from './rig/mutant.ts';
import { identityOfTwin } from './rig/network.ts';

let chain: DevChain;
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 1000 });
});
afterAll(() => chain.close());

it.each([
  ['of another version', '{ v: 99 }'],
  ['that is garbage', '"garbage"'],
])('closes a session with an attachment %s when its object wakes, and keeps the others', async (_, attachment) => {
  // What a relay of another version, or a fault, may have left on the socket.
  await using relay = await startRelay({
    settings: { SUBSTRATE_URLS: chain.httpUrl },
    bundle: (entry) =>
      bundleMutant(entry, {
        file: 'durable-objects/twin/sessions.ts',
        find: 'socket.serializeAttachment(writeAttachment(attached));',
        replace: `socket.serializeAttachment(attached.session?.sid === 'odd' ? ${attachment} : writeAttachment(attached));`,
      }),
  });
  const join = async (twin: number, sid?: string): Promise<Client> =>
    connectAs(relay.wsUrl, twin, await identityOfTwin(twin), sid);
  await using a = await join(1);
  await using good = await join(2, 'good');
  const odd = await join(2, 'odd');
  await relay.evict(2);
  // A ping of the WebSocket does not wake the object, and proves nothing.
  odd.socket.ping();
  await once(odd.socket, 'pong');
  const sent = request({ twin: 1 }, { twin: 2, connection: 'good' });
  a.send(sent);
  expect((await good.next()).uid).toBe(sent.uid);
  expect(await odd.closed).toEqual({
    code: 1012,
    reason: 'the relay was updated and cannot read this session: connect again',
  });
  await using again = await join(2, 'odd');
  expect(again.socket.readyState).toBe(1);
});
