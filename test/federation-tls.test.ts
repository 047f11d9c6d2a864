import { expect, it } from 'vitest';
import { encodeEnvelope } from '../proto/envelope.ts';
import { signEnvelope } from '../proto/signature.ts';
import { connectAs } from './rig/client.ts';
import { request } from './rig/envelopes.ts';
import { startTlsRelays } from './rig/tls-relays.ts';
import { devIdentity } from './rig/two-relays.ts';

it('two relays federate over https, each behind a front with a certificate', async () => {
  await using relays = await startTlsRelays();
  const { a, b } = relays;
  await using one = await connectAs(a.relay.wsUrl, 1, await devIdentity(1));
  await using four = await connectAs(b.relay.wsUrl, 4, await devIdentity(4));
  const asked = encodeEnvelope(await signEnvelope(request({ twin: 1 }, { twin: 4 }), await devIdentity(1)));
  one.send(asked);
  expect(Buffer.compare(await four.nextBytes(), asked)).toBe(0);
  const content = { kind: 'response' } as const;
  const answer = await signEnvelope(request({ twin: 4 }, { twin: 1 }, { content }), await devIdentity(4));
  four.send(answer);
  expect((await one.next()).uid).toBe(answer.uid);
  expect([a.front.connections, b.front.connections]).toEqual([1, 1]);
});
