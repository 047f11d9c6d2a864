import { afterAll, beforeAll, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { post } from '../rig/clients/post.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { joinCustody } from '../rig/relay/custody-client.ts';

// A 202 to another relay ends its custody: it must not be given for what only memory has.

let network: Network;
beforeAll(async () => {
  network = await startNetwork();
  await network.settle(5, 'other.example');
});
afterAll(() => network[Symbol.asyncDispose]());

const custody = async (sid: string) => joinCustody(network.relay.wsUrl, 2, await network.identity(2), sid);

async function signed(sid: string, fields: Partial<Envelope> = {}): Promise<Envelope> {
  return await signEnvelope(request({ twin: 5 }, { twin: 2, connection: sid }, fields), await network.identity(5));
}

it('answers another relay 202 after the receipt of a custody session, which it asks to give at once', async () => {
  await using b = await custody('receipt');
  const envelope = await signed('receipt');
  let isAnswered = false;
  const posted = post(network, encodeEnvelope(envelope)).finally(() => {
    isAnswered = true;
  });
  const got = await b.next();
  expect(got).toMatchObject({ uid: envelope.uid, isUrgent: true });
  expect(isAnswered).toBe(false);
  b.acknowledge(got.sequence);
  expect(await posted).toMatchObject({ status: 202 });
  await b[Symbol.asyncDispose]();
  // It is not stored as well.
  await using again = await custody('receipt');
  const marker = await signed('receipt');
  const next = post(network, encodeEnvelope(marker));
  expect((await again.next()).uid).toBe(marker.uid);
  again.acknowledge(1);
  await next;
});

it('answers 202 without a receipt once the envelope is stored, in time for the other relay', async () => {
  await using b = await custody('silent');
  const envelope = await signed('silent', { tags: 'fail-fast' });
  expect(await post(network, encodeEnvelope(envelope))).toMatchObject({ status: 202 });
  expect((await b.next()).uid).toBe(envelope.uid);
  b.client.socket.terminate();
  await using again = await custody('silent');
  expect((await again.next()).uid).toBe(envelope.uid);
});

it('answers 202 at once when the session ends, because the envelope is stored then', async () => {
  const b = await custody('cut');
  const envelope = await signed('cut');
  const posted = post(network, encodeEnvelope(envelope));
  expect((await b.next()).uid).toBe(envelope.uid);
  b.client.socket.terminate();
  expect(await posted).toMatchObject({ status: 202 });
  await using again = await custody('cut');
  expect((await again.next()).uid).toBe(envelope.uid);
});
