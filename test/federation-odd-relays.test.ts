import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withLife } from '../conformance/life.ts';
import { freePort } from '../local-relay/port.ts';
import { type Envelope, encodeEnvelope } from '../proto/envelope.ts';
import type { Client } from './rig/client.ts';
import { request } from './rig/envelopes.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { type Manner, type OddRelay, startOddRelay } from './rig/odd-relay.ts';

const A = { twin: 1 };
const EXPIRED = { kind: 'error', code: 0, message: 'message has expired' };

const NO_RELAY = {
  kind: 'error',
  code: 0,
  message: 'what stands on chain as relay of this twin answers as another server: it is no relay',
};

let network: Network;
let good: OddRelay;
let clients: AsyncDisposableStack;
let nextTwin = 100;
beforeAll(async () => {
  network = await startNetwork({ FEDERATION_SCHEME: 'http' });
  good = await startOddRelay(202);
  clients = new AsyncDisposableStack();
});
afterAll(async () => {
  await clients.disposeAsync();
  await good[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

/** A new twin at home at these relays. */
async function twinAt(...domains: string[]): Promise<number> {
  nextTwin += 1;
  const twin = nextTwin;
  await network.settle(twin, domains.join('_'));
  return twin;
}

/** A session of twin 1 of one's own, so that tests do not read each other's errors. */
async function joined(sid: string): Promise<{ client: Client; self: Envelope['source'] }> {
  const client = clients.use(await network.join(1, sid));
  return { client, self: { ...A, connection: sid } };
}

describe('what another relay answers', () => {
  it('202 is success: the envelope as received, who brings it, and nothing comes back', async () => {
    const { client, self } = await joined('good');
    const twin = await twinAt(good.domain);
    const sent = request(self, { twin });
    client.send(sent);
    await expect.poll(() => good.got.map(({ uid }) => uid)).toContain(sent.uid);
    const got = good.got.find(({ uid }) => uid === sent.uid);
    expect(Buffer.compare(got?.bytes ?? new Uint8Array(0), encodeEnvelope(sent))).toBe(0);
    expect(got?.headers).toMatchObject({
      'rmb-via': `localhost:${network.relay.port}`,
      'content-length': String(encodeEnvelope(sent).length),
    });
    expect(got?.headers['content-type']).toBeUndefined();
    expect(client.waiting).toBe(0);
  });

  it.each([
    [400, 'it takes no such message, or none of this size'],
    [403, 'it does not accept the sender or its signature'],
    [404, 'destination offline'],
    [409, 'it gave no known reason'],
    [410, 'message has expired'],
    [413, 'message is too large for it'],
    [421, 'it is this relay itself, under another name'],
  ])('%s is final: its sender is told at once that %s', async (status, why) => {
    await using relay = await startOddRelay(status);
    const { client, self } = await joined(`final-${status}`);
    const sent = request(self, { twin: await twinAt(relay.domain) });
    client.send(sent);
    const content = { kind: 'error', code: 0, message: `remote relay rejected permanently: ${why}` };
    expect(await client.next()).toMatchObject({ uid: sent.uid, content, destination: self });
    expect(relay.got).toHaveLength(1);
  });

  const passing: readonly Manner[] = [408, 429, 500, 503, 'hang', 'reset', 'trickle'];
  it.concurrent.each(passing)(
    '%s may pass: it is tried again until the time of the message is over',
    async (manner) => {
      const { client, self } = await joined(`passing-${manner}`);
      await withLife(
        4,
        async (seconds) => {
          await using relay = await startOddRelay(manner);
          const sent = request(self, { twin: await twinAt(relay.domain) }, { expiration: BigInt(seconds) });
          client.send(sent);
          const error = await client.next();
          expect(error).toMatchObject({ uid: sent.uid, content: EXPIRED, destination: self });
          expect(error.timestamp).toBeGreaterThanOrEqual(sent.timestamp + BigInt(seconds));
          expect(relay.got.every(({ uid }) => uid === sent.uid)).toBe(true);
          return relay.got.length;
        },
        (tries) => tries === 0,
      );
    },
  );

  const odd: readonly Manner[] = [200, 204, 302, 405, 501, 'circle'];
  it.each(odd)('%s is no relay: its sender is told at once, and the host is left alone', async (manner) => {
    await using server = await startOddRelay(manner);
    const { client, self } = await joined(`odd-${manner}`);
    for (let n = 0; n < 3; n += 1) {
      const sent = request(self, { twin: await twinAt(server.domain) });
      client.send(sent);
      expect(await client.next()).toMatchObject({ uid: sent.uid, content: NO_RELAY, destination: self });
    }
    expect(server.got).toHaveLength(1);
  });

  it('a message of 1 MiB to a web server that stands on chain four times is POSTed at most twice', async () => {
    await using server = await startOddRelay(200);
    const { client, self } = await joined('web');
    const { port } = server;
    const twin = await twinAt(
      `localhost:${port}`,
      `LOCALHOST.:${port}`,
      `wss://localhost:${port}/`,
      `127.0.0.1:${port}`,
    );
    const payload = { kind: 'plain', bytes: new Uint8Array(2 ** 20) } as const;
    for (let n = 0; n < 4; n += 1) {
      const sent = request(self, { twin }, { payload });
      client.send(sent);
      expect(await client.next()).toMatchObject({ uid: sent.uid, content: NO_RELAY });
    }
    expect(server.got.length).toBeLessThanOrEqual(2);
  });

  it.each([200, 302])('%s of a relay that took a message before may pass: it is tried again', async (status) => {
    await using relay = await startOddRelay([202, status, 202]);
    const { client, self } = await joined(`page-${status}`);
    const twin = await twinAt(relay.domain);
    client.send(request(self, { twin }));
    await expect.poll(() => relay.got.length).toBe(1);
    const sent = request(self, { twin });
    client.send(sent);
    await expect.poll(() => relay.got.length).toBe(3);
    expect(relay.got.slice(1).map(({ uid }) => uid)).toEqual([sent.uid, sent.uid]);
    expect(client.waiting).toBe(0);
  });

  it('of a private address is never asked for, unless FEDERATION_PRIVATE allows it', async () => {
    await using server = await startOddRelay(202);
    await using strict = await startNetwork({ FEDERATION_SCHEME: 'http', FEDERATION_PRIVATE: 'refuse' });
    await strict.settle(100, `${server.domain}_127.0.0.1:${server.port}`);
    await using client = await strict.join(1);
    const sent = request(A, { twin: 100 });
    client.send(sent);
    expect(await client.next()).toMatchObject({
      uid: sent.uid,
      content: { message: 'the relay of this twin is at a private address, and this relay asks none' },
    });
    expect(server.got).toHaveLength(0);
  });

  it('nothing, at two refused ports, is the same', async () => {
    const { client, self } = await joined('refused');
    const twin = await twinAt(`localhost:${await freePort()}`, `localhost:${await freePort()}`);
    const sent = request(self, { twin }, { expiration: 3n });
    client.send(sent);
    expect(await client.next()).toMatchObject({ uid: sent.uid, content: EXPIRED });
  });

  it('a 202 with a body that never ends is a 202', async () => {
    await using relay = await startOddRelay('endless');
    const { client, self } = await joined('endless');
    const twin = await twinAt(relay.domain);
    for (let n = 0; n < 5; n += 1) client.send(request(self, { twin }));
    await expect.poll(() => relay.got.length).toBe(5);
    expect(client.waiting).toBe(0);
  });

  it('leads to the next relay of the twin when it is no 202', async () => {
    await using bad = await startOddRelay(500);
    const { client, self } = await joined('second');
    const sent = request(self, { twin: await twinAt(bad.domain, good.domain) });
    client.send(sent);
    await expect.poll(() => good.got.map(({ uid }) => uid)).toContain(sent.uid);
    expect(client.waiting).toBe(0);
  });

  it('comes right in the end when the relay does', async () => {
    await using relay = await startOddRelay([503, 503, 503, 202]);
    const { client, self } = await joined('mended');
    const sent = request(self, { twin: await twinAt(relay.domain) });
    client.send(sent);
    await expect.poll(() => relay.got.length).toBeGreaterThanOrEqual(4);
    // Its other messages go the same way: behind this one, the one before would have come again.
    const behind = request(self, sent.destination);
    client.send(behind);
    await expect.poll(() => relay.got.at(-1)?.uid).toBe(behind.uid);
    expect(relay.got.map(({ uid }) => uid)).toEqual([...Array(4).fill(sent.uid), behind.uid]);
    expect(client.waiting).toBe(0);
  });
});

describe('a sender', () => {
  it('of an expired request reads so at once, of a response nothing', async () => {
    const { client, self } = await joined('late');
    const twin = await twinAt(good.domain);
    client.send(request(self, { twin }, { timestamp: 1n, content: { kind: 'response' } }));
    const sent = request(self, { twin }, { timestamp: 1n });
    client.send(sent);
    expect(await client.next()).toMatchObject({ uid: sent.uid, content: EXPIRED });
  });

  it('that has gone finds the error in its mailbox', async () => {
    await withLife(
      4,
      async (seconds) => {
        await using relay = await startOddRelay('hang');
        const twin = await twinAt(relay.domain);
        const away = await network.join(2, 'away');
        const sent = request({ twin: 2, connection: 'away' }, { twin }, { expiration: BigInt(seconds) });
        away.send(sent);
        await expect.poll(() => relay.got.length + away.waiting).toBeGreaterThan(0);
        const isTooLate = away.waiting > 0;
        await away[Symbol.asyncDispose]();
        if (isTooLate) return 'expired before it went';
        await network.relay.evict(2);
        await using back = await network.join(2, 'away');
        expect(await back.next()).toMatchObject({ uid: sent.uid, content: EXPIRED });
        return 'in the mailbox';
      },
      (outcome) => outcome !== 'in the mailbox',
    );
  });

  it('of a twin whose relay string names no host reads that none is reachable', async () => {
    const { client, self } = await joined('nowhere');
    client.send(request(self, { twin: await twinAt('what is this/') }));
    expect((await client.next()).content).toMatchObject({ message: 'no relay of this twin is reachable from here' });
  });
});

describe('slots', () => {
  it('are two a relay and six in all: one that hangs leaves four to the others', async () => {
    await using stack = new AsyncDisposableStack();
    let total = 0;
    const relays: OddRelay[] = [];
    const count = () => {
      total = Math.max(
        total,
        relays.reduce((sum, { open }) => sum + open, 0),
      );
    };
    const dead = stack.use(await startOddRelay('hang', count));
    const slow: OddRelay[] = [];
    for (let n = 0; n < 4; n += 1) slow.push(stack.use(await startOddRelay(202, count)));
    relays.push(dead, ...slow);
    for (const relay of slow) relay.delay = 30;
    const { client, self } = await joined('slots');
    const deadTwin = await twinAt(dead.domain);
    for (let n = 0; n < 20; n += 1) client.send(request(self, { twin: deadTwin }, { expiration: 600n }));
    await expect.poll(() => dead.open).toBe(2);
    const twins = await Promise.all(slow.flatMap(({ domain }) => [twinAt(domain), twinAt(domain)]));
    for (let n = 0; n < 10; n += 1) for (const twin of twins) client.send(request(self, { twin }));
    await expect.poll(() => slow.map(({ got }) => got.length)).toEqual([20, 20, 20, 20]);
    for (const { most } of [dead, ...slow]) expect(most).toBeLessThanOrEqual(2);
    expect(total).toBeLessThanOrEqual(6);
  });
});
