import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../client/node.ts';
import type { Address } from '../../proto/envelope/address.ts';
import type { Envelope } from '../../proto/envelope/envelope.ts';
import { mintToken } from '../../proto/token/token.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { upgrade } from '../rig/clients/upgrade.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { type CustodyClient, joinCustody } from '../rig/relay/custody-client.ts';
import { bundleFaulty, fail, seen } from '../rig/relay/faulty.ts';
import { until } from '../rig/until.ts';

// The real objects on workerd, whose calls fail as the platform's do. Nothing vanishes: each request has its reply or its
// error, and each reply arrives.

/** Requests of one test, and the calls that fail of them. */
const [COUNT, TIMES] = [20, 3];
const UNDELIVERED = 'destination could not be reached inside the relay, try again';

let network: Network;
beforeAll(async () => {
  // With a rate limit, the end of a session writes its share.
  network = await startNetwork({ RATE_LIMIT_MESSAGES: '100000' }, bundleFaulty);
});
afterAll(() => network[Symbol.asyncDispose]());
afterEach(() => fail(network.relay));

let sids = 0;
/** Sessions of this test alone. */
let sid: string;
beforeEach(() => {
  sids += 1;
  sid = `errors-${sids}`;
});

const address = (twin: number): Address => ({ twin, connection: sid });
const asked = (fields: Partial<Envelope> = {}) => request(address(1), address(2), fields);
const replyTo = (uid: string) => request(address(2), address(1), { uid, content: { kind: 'response' } });
const custody = async (twin: number): Promise<CustodyClient> =>
  joinCustody(network.relay.wsUrl, twin, await network.identity(twin), sid);

const errorOf = ({ content }: Envelope) => (content?.kind === 'error' ? content.message : undefined);
const messages = (envelopes: readonly Envelope[]) => new Set(envelopes.map((each) => errorOf(each) ?? 'reply'));

/**
 * Sends requests, each after the end of the one before, and answers them. Returns all that came.
 * @param told requests that get an error; they may get a reply as well
 */
async function converse(a: Client, b: Client, told: number): Promise<Envelope[]> {
  let isOver = false;
  const serving = (async () => {
    while (!isOver) b.send(replyTo((await b.next()).uid));
  })().catch(() => undefined);
  const came: Envelope[] = [];
  const sent: string[] = [];
  for (let n = 0; n < COUNT; n += 1) {
    const each = asked();
    sent.push(each.uid);
    a.send(each);
    while (!came.some(({ uid }) => uid === each.uid)) came.push(await a.next());
  }
  while (came.filter((each) => errorOf(each) !== undefined).length < told) came.push(await a.next());
  isOver = true;
  await b[Symbol.asyncDispose]();
  await serving;
  expect([...new Set(came.map(({ uid }) => uid))]).toEqual(sent);
  return came;
}

/** `overloaded` is the last: after it a sender's batches are gathered for a minute, several requests in each. */
const FAULTS = [
  { kind: 'lost-before', told: TIMES },
  { kind: 'lost-after', told: TIMES },
  { kind: 'memory', told: TIMES },
  { kind: 'updated', told: TIMES },
  { kind: 'slow', told: TIMES },
  { kind: 'storage-full', told: TIMES },
  { kind: 'overloaded', told: 0 },
] as const;

describe('a plain request whose call fails', () => {
  it.each(FAULTS)('as $kind ends with its reply, or with the error of $told', async ({ kind, told }) => {
    await using a = await network.join(1, sid);
    await using b = await network.join(2, sid);
    await fail(network.relay, { call: 'deliver', object: '2', kind, times: TIMES });
    const came = await converse(a, b, told);
    expect(came.filter((each) => errorOf(each) !== undefined)).toHaveLength(told);
    expect(messages(came)).toEqual(new Set(told === 0 ? ['reply'] : ['reply', UNDELIVERED]));
    expect(await seen(network.relay)).toMatchObject([{ failed: TIMES }]);
  });

  it('as overloaded for long gets an error in the middle of its time that says when to try again', async () => {
    await using a = await network.join(1, sid);
    await using _ = await network.join(2, sid);
    await fail(network.relay, { call: 'deliver', object: '2', kind: 'overloaded' });
    const requests = Array.from({ length: COUNT }, () => asked({ expiration: 6n }));
    const sentAt = Math.floor(Date.now() / 1000);
    for (const each of requests) a.send(each);
    const ends: Envelope[] = [];
    for (const _each of requests) ends.push(await a.next());
    for (const each of ends) expect(errorOf(each)).toMatch(/^overloaded, try again in [1-7] s$/);
    // Its sender has time left.
    for (const { timestamp } of ends) expect(Number(timestamp)).toBeLessThan(sentAt + 6);
    expect(new Set(ends.map(({ uid }) => uid)).size).toBe(COUNT);
    // Each probe comes at least 0.2 s after the one before, in the first three seconds.
    expect((await seen(network.relay))[0]?.calls).toBeLessThanOrEqual(15);
  });
});

describe('a plain reply whose call fails', () => {
  it.each(FAULTS)('as $kind arrives', async ({ kind }) => {
    await using a = await network.join(1, sid);
    await using b = await network.join(2, sid);
    await fail(network.relay, { call: 'deliver', object: '1', kind, times: TIMES });
    expect(messages(await converse(a, b, 0))).toEqual(new Set(['reply']));
    expect(await seen(network.relay)).toMatchObject([{ failed: TIMES }]);
  });

  it.each(['overloaded', 'lost-before', 'lost-after'] as const)('as %s, one in ten, arrives', async (kind) => {
    await using a = await network.join(1, sid);
    await using b = await network.join(2, sid);
    await fail(network.relay, { call: 'deliver', object: '1', kind, every: 10 });
    const requests = Array.from({ length: 400 }, () => asked());
    for (const each of requests) a.send(each);
    for (const _ of requests) b.send(replyTo((await b.next()).uid));
    const uids = new Set<string>();
    while (uids.size < requests.length) uids.add((await a.next()).uid);
    expect([...uids].toSorted()).toEqual(requests.map(({ uid }) => uid).toSorted());
  });
});

describe('an envelope of a custody session whose call fails', () => {
  it('as overloaded waits for the probe, in its order', async () => {
    await using a = await custody(1);
    await using b = await custody(2);
    await fail(network.relay, { call: 'deliver', object: '2', kind: 'overloaded', times: 2 });
    const sent = [asked(), asked({ content: { kind: 'response' } }), asked()];
    const first = a.send(...sent);
    for (const { uid } of sent) expect((await b.next()).uid).toBe(uid);
    b.acknowledge(1, sent.length);
    for (const [n] of sent.entries()) expect(await a.outcome(first + n)).toBe('delivered');
    expect(a.frames.flatMap(({ envelopes }) => envelopes)).toEqual([]);
  });

  it('as overloaded for long goes back to its client, which keeps it, without an error', async () => {
    await using a = await custody(1);
    await using _ = await custody(2);
    await fail(network.relay, { call: 'deliver', object: '2', kind: 'overloaded' });
    const first = a.send(asked(), asked({ content: { kind: 'response' } }));
    expect([await a.outcome(first), await a.outcome(first + 1)]).toEqual(['undelivered', 'undelivered']);
    expect(a.frames.flatMap(({ envelopes }) => envelopes)).toEqual([]);
  });

  it.each(FAULTS.filter(({ told }) => told > 0))('as $kind goes back to its client at once', async ({ kind }) => {
    await using a = await custody(1);
    await using _ = await custody(2);
    await fail(network.relay, { call: 'deliver', object: '2', kind, times: 1 });
    const first = a.send(asked(), asked({ content: { kind: 'response' } }));
    expect([await a.outcome(first), await a.outcome(first + 1)]).toEqual(['undelivered', 'undelivered']);
    expect(a.frames.flatMap(({ envelopes }) => envelopes)).toEqual([]);
  });

  it('gets receipts whose call never ran with the next one', async () => {
    await using a = await custody(1);
    await using b = await custody(2);
    const sequence = a.send(asked());
    const { uid } = await b.next();
    await fail(network.relay, { call: 'deliver', object: '1', kind: 'overloaded', times: 1 });
    b.sendWith([{ first: 1, last: 1, outcome: 'delivered' }], replyTo(uid));
    expect((await a.next()).uid).toBe(uid);
    expect(await a.outcome(sequence)).toBe('delivered');
  });
});

describe('a client with custody', () => {
  it.each(['overloaded', 'lost-before', 'lost-after'] as const)(
    'has each of its replies, once, while one call in five fails as %s',
    async (kind) => {
      const join = async (twin: number) =>
        connect({
          identity: await network.identity(twin),
          chain: [network.chain.wsUrl],
          relays: [network.relay.wsUrl],
          sid,
          timeout: 120_000,
        });
      await using service = await join(2);
      await using caller = await join(1);
      const served = new Map<string, number>();
      service.serve('test.echo', ({ data }) => {
        const text = new TextDecoder().decode(data);
        served.set(text, (served.get(text) ?? 0) + 1);
        return data;
      });
      const faults = ['1', '2'].map((object) => ({ call: 'deliver' as const, object, kind, every: 5 }));
      await fail(network.relay, ...faults);
      const lane = async (name: number) => {
        for (let n = 0; n < 8; n += 1) {
          const text = `"${name}.${n}"`;
          const { data } = await caller.request(`2:${sid}`, 'test.echo', text, { timeout: 120_000, failFast: false });
          expect(new TextDecoder().decode(data)).toBe(text);
        }
      };
      await Promise.all(Array.from({ length: 4 }, (_, name) => lane(name)));
      expect([served.size, [...served.values()].every((times) => times === 1)]).toEqual([32, true]);
      for (const { failed } of await seen(network.relay)) expect(failed).toBeGreaterThan(0);
    },
  );
});

describe('storage that fails', () => {
  it('without an alarm says what was stored and what was delivered', async () => {
    await using a = await custody(1);
    // No earlier mail of this twin has set an alarm.
    await using b = await network.join(4, sid);
    await fail(network.relay, { call: 'setAlarm', object: '4', kind: 'slow' });
    const away = { twin: 4, connection: `${sid}-away` };
    const sent = [address(4), away, address(4)].map((to) => request(address(1), to));
    const first = a.send(...sent);
    expect([await a.outcome(first), await a.outcome(first + 1), await a.outcome(first + 2)]).toEqual([
      'handed',
      'stored',
      'handed',
    ]);
    expect([(await b.next()).uid, (await b.next()).uid]).toEqual([sent[0]?.uid, sent[2]?.uid]);
    expect((await seen(network.relay))[0]?.failed).toBeGreaterThan(0);
    await using later = await network.join(4, `${sid}-away`);
    expect((await later.next()).uid).toBe(sent[1]?.uid);
  });

  it('because it is full refuses what must be stored, and delivers the rest', async () => {
    await using a = await network.join(1, sid);
    await using b = await network.join(2, sid);
    await fail(network.relay, { call: 'exec', object: '2', kind: 'storage-full' });
    const sent = [asked(), request(address(1), { twin: 2, connection: `${sid}-away` }), asked()];
    for (const each of sent) a.send(each);
    expect(await a.next()).toMatchObject({ uid: sent[1]?.uid, content: { message: expect.stringContaining('full') } });
    expect([(await b.next()).uid, (await b.next()).uid]).toEqual([sent[0]?.uid, sent[2]?.uid]);
    expect((await seen(network.relay))[0]?.failed).toBeGreaterThan(0);
  });

  it('because it is full takes nothing from a session that ends: its mail comes again', async () => {
    await using a = await network.join(1, sid);
    const sent = asked();
    a.send(sent);
    const marker = request(address(1), { twin: 2, connection: 'nobody' }, { tags: 'fail-fast' });
    a.send(marker);
    expect((await a.next()).uid).toBe(marker.uid);
    let failed = 0;
    for (let times = 0; times < 3; times += 1) {
      const b = await network.join(2, sid);
      expect((await b.next()).uid).toBe(sent.uid);
      const mine = request(address(2), { twin: 1, connection: 'nobody' }, { tags: 'fail-fast' });
      b.send(mine);
      expect((await b.next()).uid).toBe(mine.uid);
      await fail(network.relay, { call: 'exec', object: '2', kind: 'storage-full' });
      b.socket.terminate();
      await b.closed;
      await using again = await network.join(2, sid);
      expect((await again.next()).uid).toBe(sent.uid);
      again.socket.terminate();
      await again.closed;
      failed += (await seen(network.relay))[0]?.failed ?? 0;
      await fail(network.relay);
    }
    expect(failed).toBeGreaterThan(0);
  });
});

describe('an upgrade whose object fails', () => {
  it.each(['overloaded', 'lost-before', 'updated'] as const)('as %s gets 503 busy', async (kind) => {
    await fail(network.relay, { call: 'fetch', object: '3', kind });
    const now = Math.floor(Date.now() / 1000);
    const token = await mintToken({ twin: 3, now, ttl: 300 }, await network.identity(3));
    expect(await upgrade(network.relay.httpUrl, `/?${token}`)).toMatchObject({
      status: 503,
      error: { code: 'busy', twin: 3 },
      headers: { 'retry-after': '5' },
    });
    await fail(network.relay);
    await (await network.join(3))[Symbol.asyncDispose]();
  });
});

describe('the paths for an operator', () => {
  const get = (path: string) => fetch(`${network.relay.httpUrl}${path}`);

  it('answer when a shard or the watcher does not, and count what failed', async () => {
    {
      await using a = await network.join(1, sid);
      await using _ = await network.join(2, sid);
      for (const { kind } of FAULTS) {
        await fail(network.relay, { call: 'deliver', object: '2', kind });
        a.send(asked({ expiration: 1n }));
        expect(errorOf(await a.next())).toMatch(kind === 'overloaded' ? /^overloaded/ : UNDELIVERED);
      }
    }
    const expected = ['overloaded', 'reset', 'slow', 'storage-full', 'updated'].map(
      (kind) => `relay_platform_errors_total{kind="${kind}"}`,
    );
    await fail(
      network.relay,
      { call: 'snapshot', object: '3', kind: 'overloaded' },
      { call: 'status', object: 'chain', kind: 'overloaded' },
    );
    await until('the metrics with the failed calls of this test', async () => {
      const answer = await get('/metrics');
      expect(answer.status).toBe(200);
      const text = await answer.text();
      return ['relay_messages_dropped_total{reason="overloaded"}', ...expected].every((each) => text.includes(each));
    });
    const ready = await get('/readyz');
    expect([200, 503]).toContain(ready.status);
    expect(await ready.json()).toMatchObject({ chain: expect.anything() });
  });
});
