import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { decodeAnswer, encodeQuestion, type TwinPresence } from '../../proto/custody/presence.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { bundleWorker } from '../../tools/local-relay/bundle.ts';
import { pairsOf } from '../../tools/place/plan.ts';
import { decodeRegion, regionKey } from '../../workers/placement/region-record.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { connectAs } from '../rig/clients/client.ts';
import { post } from '../rig/clients/post.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { joinCustody } from '../rig/relay/custody-client.ts';
import { type OddRelay, startOddRelay } from '../rig/relay/odd-relay.ts';
import { settleOn } from '../rig/relay/two-relays.ts';
import { until } from '../rig/until.ts';

// Which objects are made, and where. workerd ignores the region of an object, so the stage notes it.
const STAGE = fileURLToPath(new URL('../../workers/placement/relay.workerd.ts', import.meta.url));
const notes = z.object({ calls: z.array(z.string()), made: z.array(z.string()) });
const BELGIUM = { continent: 'EU', country: 'BE', longitude: '3.72' };
const VIETNAM = { continent: 'AS', country: 'VN', longitude: '105.83' };

let network: Network;
let other: OddRelay;
/** Twins that never connected. */
let stranger = 100;
beforeAll(async () => {
  other = await startOddRelay(202);
  const settings = { DEFAULT_REGION: 'eeur', RELAY_REGION: 'enam', FEDERATION_SCHEME: 'http' };
  network = await startNetwork(settings, () => bundleWorker(STAGE));
  const here = `localhost:${network.relay.port}`;
  // On chain before the relay reads the highest id. All have the key of twin 1.
  for (let id = 100; id < 120; id += 1) await settleOn(network.chain, id, here, 1);
  for (let id = 120; id < 125; id += 1) await settleOn(network.chain, id, other.domain, 1);
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});
beforeEach(async () => {
  stranger += 1;
  await stage('DELETE');
  await from(BELGIUM);
});

async function stage(method: 'GET' | 'DELETE' | 'PUT', query = ''): Promise<z.infer<typeof notes>> {
  return notes.parse(await (await fetch(`${network.relay.httpUrl}/stage${query}`, { method })).json());
}

/** Has later requests come from a place. */
const from = (place: Record<string, string>) => stage('PUT', `?${new URLSearchParams(place)}`);
const made = async () => (await stage('GET')).made;
const regionsOf = async (twin: number) =>
  (await stage('GET')).calls.filter((call) => call.startsWith(`twin ${twin} `)).map((call) => call.split(' ').at(-1));
const stored = async (twin: number) => decodeRegion((await network.relay.cached(regionKey(twin))) ?? '');

async function presence(...twins: number[]): Promise<readonly TwinPresence[]> {
  await using asker = await joinCustody(network.relay.wsUrl, 1, await network.identity(1), 'asker');
  asker.client.send(encodeQuestion({ number: 1, twins }));
  const answer = decodeAnswer(await asker.client.nextBytes());
  if (!answer.ok) throw new Error(answer.error);
  return answer.value.twins;
}

describe('a connection', () => {
  it('makes the object of its twin in the region of its client, which KV keeps', async () => {
    await from(VIETNAM);
    await using _ = await network.join(2);
    expect(await regionsOf(2)).toEqual(['apac-se']);
    await until('the region of twin 2', async () => (await stored(2)) === 'apac-se');
  });

  it('from elsewhere changes no region', async () => {
    await (await network.join(3))[Symbol.asyncDispose]();
    await until('the region of twin 3', async () => (await stored(3)) === 'weur');
    await from(VIETNAM);
    await using _ = await network.join(3);
    expect([await regionsOf(3), await stored(3)]).toEqual([['weur'], 'weur']);
  });

  it('makes the object in the default region if the platform does not say where its client is', async () => {
    await from({});
    await using _ = await network.join(4);
    expect([await regionsOf(4), await stored(4)]).toEqual([['eeur'], undefined]);
  });
});

describe('a message to a twin that connected', () => {
  it('says its region', async () => {
    await using a = await network.join(1);
    await from(VIETNAM);
    await using b = await network.join(5);
    await until('the region of twin 5', async () => (await stored(5)) === 'apac-se');
    await stage('DELETE');
    a.send(request({ twin: 1 }, { twin: 5 }, { uid: 'hello', tags: 'fail-fast' }));
    expect((await b.next()).uid).toBe('hello');
    expect(await regionsOf(5)).toEqual(['apac-se']);
  });

  it('reaches it although no region is known, as after a connection under earlier code', async () => {
    await using a = await network.join(1);
    await from({});
    await using b = await network.join(6);
    expect(await stored(6)).toBeUndefined();
    a.send(request({ twin: 1 }, { twin: 6 }, { uid: 'hello', tags: 'fail-fast' }));
    expect((await b.next()).uid).toBe('hello');
    expect(await presence(6)).toMatchObject([{ state: 'connected' }]);
  });
});

describe('a twin that never connected', () => {
  it('gets its object in the default region with its first mail, and not near the sender', async () => {
    await using a = await network.join(1);
    a.send(request({ twin: 1 }, { twin: stranger }));
    await until('the object of the stranger', async () => (await made()).includes(String(stranger)));
    expect([await regionsOf(stranger), await stored(stranger)]).toEqual([['eeur'], undefined]);
    await until('the mail of the stranger', async () => (await presence(stranger))[0]?.waiting === 1);
  });

  it('has no object for mail that is not stored', async () => {
    await using a = await network.join(1);
    const sent = request({ twin: 1 }, { twin: stranger }, { tags: 'fail-fast' });
    for (let n = 0; n < 3; n += 1) {
      a.send(sent);
      expect(await a.next()).toMatchObject({ uid: sent.uid, content: { kind: 'error' } });
    }
    expect(await made()).not.toContain(String(stranger));
  });

  it('has no object for a question about it', async () => {
    expect(await presence(stranger, 1)).toEqual([
      { state: 'away', waiting: 0 },
      { state: 'connected', waiting: 0, seenAt: expect.any(Number) },
    ]);
    expect(await made()).not.toContain(String(stranger));
  });

  it('has no object for mail of another relay that is not stored', async () => {
    const sent = await signEnvelope(
      request({ twin: 120 }, { twin: stranger }, { tags: 'fail-fast' }),
      await network.identity(1),
    );
    expect(await post(network, encodeEnvelope(sent))).toMatchObject({ status: 404 });
    expect(await made()).not.toContain(String(stranger));
  });

  it('has no object here for mail to its own relay', async () => {
    await using a = await network.join(1);
    const sent = request({ twin: 1 }, { twin: 121 });
    a.send(sent);
    await until('the mail at the other relay', () => other.got.some(({ uid }) => uid === sent.uid));
    expect(await made()).not.toContain('121');
  });

  it('has no object when it leaves this relay', async () => {
    await presence(stranger);
    await stage('DELETE');
    await network.settle(stranger, other.domain);
    const question = `stats ${stranger % 16} enam`;
    await until('the watcher to ask about the twin', async () => (await stage('GET')).calls.includes(question));
    expect(await regionsOf(stranger)).toEqual([]);
  });
});

describe('a twin that its operator placed', () => {
  beforeEach(async () => {
    const pairs = Object.fromEntries(pairsOf(new Map([[stranger, 'oc']])).map(({ key, value }) => [key, value]));
    await fetch(`${network.relay.httpUrl}/kv?${new URLSearchParams(pairs)}`, { method: 'PUT' });
  });

  it('gets its object there with its first mail', async () => {
    await using a = await network.join(1);
    a.send(request({ twin: 1 }, { twin: stranger }));
    await until('the object of the stranger', async () => (await made()).includes(String(stranger)));
    expect(await regionsOf(stranger)).toEqual(['oc']);
  });

  it('gets its object there when it connects from elsewhere, and its region stays', async () => {
    await using _ = await connectAs(network.relay.wsUrl, stranger, await network.identity(1));
    expect([await regionsOf(stranger), await stored(stranger)]).toEqual([['oc'], 'oc']);
  });
});

it('the objects of the relay itself are made in their own region', async () => {
  await using _ = await network.join(1, 'another');
  await (await fetch(`${network.relay.httpUrl}/metrics`)).body?.cancel();
  await (await fetch(`${network.relay.httpUrl}/readyz`)).body?.cancel();
  const own = (await stage('GET')).calls.filter((call) => !call.startsWith('twin '));
  expect(own.length).toBeGreaterThan(16);
  expect(own.filter((call) => !call.endsWith(' enam'))).toEqual([]);
});
