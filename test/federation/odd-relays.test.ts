import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { withLife } from '../../tools/conformance/stage/life.ts';
import { freePort } from '../../tools/local-relay/port.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { type Federating, startFederating } from '../rig/relay/federating.ts';
import { type Manner, type OddRelay, startOddRelay } from '../rig/relay/odd-relay.ts';

import { until } from '../rig/until.ts';

const A = { twin: 1 };
const EXPIRED = { kind: 'error', code: 0, message: 'message has expired' };

const NO_RELAY = {
  kind: 'error',
  code: 0,
  message: 'the host that this twin has on chain as its relay is another server, not a relay',
};

let federating: Federating;
let network: Network;
let good: OddRelay;
let twinAt: Federating['twinAt'];
let joined: Federating['joined'];
beforeAll(async () => {
  federating = await startFederating();
  ({ network, good, twinAt, joined } = federating);
});
afterAll(() => federating[Symbol.asyncDispose]());

describe('the answer of another relay', () => {
  it('means success with 202', async () => {
    const { client, self } = await joined('good');
    const twin = await twinAt(good.domain);
    const sent = request(self, { twin });
    client.send(sent);
    await until('the POST', () => good.got.some(({ uid }) => uid === sent.uid));
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
  ])('is final with %s: its sender reads at once that %s', async (status, why) => {
    await using relay = await startOddRelay(status);
    const { client, self } = await joined(`final-${status}`);
    const sent = request(self, { twin: await twinAt(relay.domain) });
    client.send(sent);
    const content = { kind: 'error', code: 0, message: `remote relay rejected permanently: ${why}` };
    expect(await client.next()).toMatchObject({ uid: sent.uid, content, destination: self });
    expect(relay.got).toHaveLength(1);
  });

  const passing: readonly Manner[] = [408, 429, 500, 503, 'hang', 'reset', 'trickle'];
  it.concurrent.each(passing)('is temporary with %s: the relay retries until the message expires', async (manner) => {
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
  });

  const odd: readonly Manner[] = [200, 204, 302, 405, 501, 'circle'];
  it.each(odd)('shows with %s that the host is no relay: the host gets no further message', async (manner) => {
    await using server = await startOddRelay(manner);
    const { client, self } = await joined(`odd-${manner}`);
    for (let n = 0; n < 3; n += 1) {
      const sent = request(self, { twin: await twinAt(server.domain) });
      client.send(sent);
      expect(await client.next()).toMatchObject({ uid: sent.uid, content: NO_RELAY, destination: self });
    }
    expect(server.got).toHaveLength(1);
  });

  it('a web server that is on chain four times gets a message of 1 MiB at most twice', async () => {
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

  it.each([200, 302])('is temporary with %s of a relay that took a message before', async (status) => {
    await using relay = await startOddRelay([202, status, 202]);
    const { client, self } = await joined(`page-${status}`);
    const twin = await twinAt(relay.domain);
    client.send(request(self, { twin }));
    await until('the POST', () => relay.got.length === 1);
    const sent = request(self, { twin });
    client.send(sent);
    await until('three POSTs', () => relay.got.length === 3);
    expect(relay.got.slice(1).map(({ uid }) => uid)).toEqual([sent.uid, sent.uid]);
    expect(client.waiting).toBe(0);
  });

  it('is never requested from a private address, unless FEDERATION_PRIVATE allows it', async () => {
    await using server = await startOddRelay(202);
    await using strict = await startNetwork({ FEDERATION_SCHEME: 'http', FEDERATION_PRIVATE: 'refuse' });
    await strict.settle(100, `${server.domain}_127.0.0.1:${server.port}`);
    await using client = await strict.join(1);
    const sent = request(A, { twin: 100 });
    client.send(sent);
    expect(await client.next()).toMatchObject({
      uid: sent.uid,
      content: { message: 'the relay of this twin is at a private address, which this relay does not use' },
    });
    expect(server.got).toHaveLength(0);
  });

  it('is temporary when two ports refuse connections', async () => {
    const { client, self } = await joined('refused');
    const twin = await twinAt(`localhost:${await freePort()}`, `localhost:${await freePort()}`);
    const sent = request(self, { twin }, { expiration: 3n });
    client.send(sent);
    expect(await client.next()).toMatchObject({ uid: sent.uid, content: EXPIRED });
  });

  it('means success with 202 and a body that never ends', async () => {
    await using relay = await startOddRelay('endless');
    const { client, self } = await joined('endless');
    const twin = await twinAt(relay.domain);
    for (let n = 0; n < 5; n += 1) client.send(request(self, { twin }));
    await until('five POSTs', () => relay.got.length === 5);
    expect(client.waiting).toBe(0);
  });

  it('leads to the next relay of the twin unless it is 202', async () => {
    await using bad = await startOddRelay(500);
    const { client, self } = await joined('second');
    const sent = request(self, { twin: await twinAt(bad.domain, good.domain) });
    client.send(sent);
    await until('the POST', () => good.got.some(({ uid }) => uid === sent.uid));
    expect(client.waiting).toBe(0);
  });

  it('succeeds once the relay recovers', async () => {
    await using relay = await startOddRelay([503, 503, 503, 202]);
    const { client, self } = await joined('mended');
    const sent = request(self, { twin: await twinAt(relay.domain) });
    client.send(sent);
    await until('four POSTs', () => relay.got.length >= 4);
    // Other messages of the twin take the same way: a repeat of the first one would arrive before this one.
    const behind = request(self, sent.destination);
    client.send(behind);
    await until('the POST of the next message', () => relay.got.at(-1)?.uid === behind.uid);
    expect(relay.got.map(({ uid }) => uid)).toEqual([...Array(4).fill(sent.uid), behind.uid]);
    expect(client.waiting).toBe(0);
  });
});
