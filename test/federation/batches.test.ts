import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeBatchAnswers } from '../../proto/batch/batch-answers.ts';
import { encodeRelayBatch } from '../../proto/batch/relay-batch.ts';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { startBatchRelay } from '../rig/relay/batch-relay.ts';
import { joinCustody } from '../rig/relay/custody-client.ts';
import { type Federating, startFederating } from '../rig/relay/federating.ts';
import { until } from '../rig/until.ts';

let federating: Federating;
beforeAll(async () => {
  federating = await startFederating();
});
afterAll(() => federating[Symbol.asyncDispose]());

describe('a relay that takes batches', () => {
  it('gets the envelopes of a burst in a few requests, each once, whatever their twins are', async () => {
    await using relay = await startBatchRelay('takes');
    const twins = [await federating.twinAt(relay.domain), await federating.twinAt(relay.domain)];
    const { client, self } = await federating.joined('takes');
    const send = (twin: number) => {
      const sent = request(self, { twin });
      client.send(sent);
      return sent.uid;
    };
    const warm = twins.map(send);
    await until('the first requests', () => relay.accepted.flat().length === warm.length);
    const sent = Array.from({ length: 60 }, (_, n) => send(twins[n % 2] ?? 0));
    await until('all of them', () => relay.accepted.flat().length >= warm.length + sent.length);
    expect(relay.accepted.flat().toSorted()).toEqual([...warm, ...sent].toSorted());
    expect(relay.accepted.length).toBeLessThan(sent.length / 2);
    const ofBoth = relay.accepted.filter((uids) => uids.some((uid) => sent.indexOf(uid) % 2 === 0));
    expect(ofBoth.some((uids) => uids.some((uid) => sent.indexOf(uid) % 2 === 1))).toBe(true);
  });

  it.each([400, 404, 415])(
    'and then refuses one with %s gets its envelopes alone, each once, and no other batch',
    async (status) => {
      await using relay = await startBatchRelay(status);
      const twin = await federating.twinAt(relay.domain);
      const { client, self } = await federating.joined(`refuses-${status}`);
      const send = () => {
        const sent = request(self, { twin });
        client.send(sent);
        return sent.uid;
      };
      const first = send();
      await until('the first request', () => relay.accepted.length === 1);
      const sent = [first, ...Array.from({ length: 40 }, send)];
      await until('all of them', () => relay.accepted.length >= sent.length);
      expect(relay.accepted.every((uids) => uids.length === 1)).toBe(true);
      expect(relay.accepted.flat().toSorted()).toEqual(sent.toSorted());
      // Two requests may be in flight before the first refusal is there.
      expect([1, 2]).toContain(relay.refused.length);
      expect(client.waiting).toBe(0);
    },
  );
});

/** POSTs envelopes to the relay as one batch. Resolves with the status of each. */
async function postBatch(...envelopes: readonly Envelope[]): Promise<readonly number[]> {
  const response = await fetch(`${federating.network.relay.httpUrl}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-rmb-batch' },
    body: encodeRelayBatch(envelopes.map((each) => ({ bytes: encodeEnvelope(each), mayStore: true }))),
  });
  expect([response.status, response.headers.get('rmb-batch')]).toEqual([200, '1']);
  const answers = decodeBatchAnswers(new Uint8Array(await response.arrayBuffer()), envelopes.length);
  if (!answers.ok) throw new Error(answers.error);
  return answers.value.map(({ status }) => status);
}

describe('a batch for custody sessions', () => {
  it('is answered once each envelope has a receipt or is stored; one that is slow does not delay the others', async () => {
    const { network } = federating;
    await network.settle(5, 'other.example');
    const [identity, source] = [await network.identity(2), await network.identity(5)];
    const join = (sid: string) => joinCustody(network.relay.wsUrl, 2, identity, sid);
    await using quick = await join('quick');
    const slow = await join('slow');
    const make = (connection: string) => signEnvelope(request({ twin: 5 }, { twin: 2, connection }), source);
    const [forSlow, forQuick] = [await make('slow'), await make('quick')];
    let isAnswered = false;
    const answered = postBatch(forSlow, forQuick).finally(() => {
      isAnswered = true;
    });
    const got = await quick.next();
    expect([got.uid, (await slow.next()).uid, isAnswered]).toEqual([forQuick.uid, forSlow.uid, false]);
    quick.acknowledge(got.sequence);
    expect(await answered).toEqual([202, 202]);
    // The slow one was stored before the answer: it gave no receipt.
    slow.client.socket.terminate();
    await using again = await join('slow');
    expect((await again.next()).uid).toBe(forSlow.uid);
  });
});
