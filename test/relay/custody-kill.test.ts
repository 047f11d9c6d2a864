import { expect, it } from 'vitest';
import { startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { devEntries } from '../../tools/dev-chain/ledger/twin-entry.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { joinCustody } from '../rig/relay/custody-client.ts';
import { startKillableRelay } from '../rig/relay/killable-relay.ts';

it('a relay that is killed has given a receipt for what is stored, and for nothing that only its memory had', async () => {
  await using stack = new AsyncDisposableStack();
  const chain = stack.use(await startDevChain({ blockTimeMs: 1000 }));
  const relay = stack.use(await startKillableRelay({ settings: { SUBSTRATE_URLS: chain.httpUrl } }));
  for (const entry of await devEntries()) chain.putTwin({ ...entry, relay: `localhost:${relay.port}` });
  const join = async (twin: number) => joinCustody(relay.wsUrl, twin, await identityOfTwin(twin));

  const [a, b] = [await join(1), await join(2)];
  const inMemory = request({ twin: 1 }, { twin: 2 });
  const stored = request({ twin: 1 }, { twin: 3 });
  const first = a.send(inMemory, stored);
  expect((await b.next()).uid).toBe(inMemory.uid);
  expect(await a.outcome(first + 1)).toBe('stored');
  await relay.kill9();
  await a.client.closed;
  expect(a.told(first)).toBeUndefined();
  await relay.start();

  await using again = await join(1);
  await using c = await join(3);
  expect((await c.next()).uid).toBe(stored.uid);
  // The sender has custody still: it sends again, and the receiver knows a repeat by its uid.
  await using receiver = await join(2);
  const sequence = again.send(inMemory);
  const got = await receiver.next();
  expect(got.uid).toBe(inMemory.uid);
  receiver.acknowledge(got.sequence);
  expect(await again.outcome(sequence)).toBe('delivered');
});
