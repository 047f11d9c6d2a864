import { expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import { connectAs } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { startTlsRelays } from '../rig/relay/tls/relays.ts';

it('two relays federate over https, each behind a front with a certificate', async () => {
  await using relays = await startTlsRelays();
  const { a, b } = relays;
  await using one = await connectAs(a.relay.wsUrl, 1, await identityOfTwin(1));
  await using four = await connectAs(b.relay.wsUrl, 4, await identityOfTwin(4));
  const asked = encodeEnvelope(await signEnvelope(request({ twin: 1 }, { twin: 4 }), await identityOfTwin(1)));
  one.send(asked);
  expect(Buffer.compare(await four.nextBytes(), asked)).toBe(0);
  const content = { kind: 'response' } as const;
  const answer = await signEnvelope(request({ twin: 4 }, { twin: 1 }, { content }), await identityOfTwin(4));
  four.send(answer);
  expect((await one.next()).uid).toBe(answer.uid);
  expect([a.front.connections, b.front.connections]).toEqual([1, 1]);
});
