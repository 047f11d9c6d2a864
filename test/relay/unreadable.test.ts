import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { startRelay } from '../../tools/local-relay/relay.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import { type Client, connectAs, within } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { bundleMutant } from '../rig/mutants/mutant.ts';
import { until } from '../rig/until.ts';

let chain: DevChain;
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 1000 });
});
afterAll(() => chain.close());

it.each([
  ['of another version', '{ v: 99 }'],
  ['that is garbage', '"garbage"'],
])('an object that wakes closes and counts only a session with an attachment %s', async (_, attachment) => {
  // The attachment is as a relay of another version, or a fault, may have left it.
  await using relay = await startRelay({
    settings: { SUBSTRATE_URLS: chain.httpUrl },
    bundle: (entry) =>
      bundleMutant(entry, {
        file: 'durable-objects/twin/sessions/sessions.ts',
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
  expect(await within(odd.closed, 'the close of the session that nobody can read')).toEqual({
    code: 1012,
    reason: 'the relay was updated and cannot read this session: connect again',
  });
  await using again = await join(2, 'odd');
  expect(again.socket.readyState).toBe(1);
  // A twin's last session hands over what its object has counted.
  await good[Symbol.asyncDispose]();
  await again[Symbol.asyncDispose]();
  await until('the count of the session that nobody can read', async () => {
    const text = await (await fetch(`${relay.httpUrl}/metrics`)).text();
    return text.includes('\nrelay_session_evictions_total{reason="unreadable"} 1\n');
  });
});
