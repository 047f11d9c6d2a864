import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';

let network: Network;
let a: Client;
let b: Client;
beforeAll(async () => {
  network = await startNetwork();
  await network.settle(20, 'no host at all');
  await network.settle(21, null);
  await network.settle(22, `other.example_localhost`);
  a = await network.join(1);
  b = await network.join(2, 'b');
});
afterAll(async () => {
  await a[Symbol.asyncDispose]();
  await b[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

const A = { twin: 1 };
const B = { twin: 2, connection: 'b' };
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const ping = (fields: Partial<Envelope>): Envelope => {
  const { payload: _, ...bare } = request(A, undefined, { content: { kind: 'ping' } });
  return { ...bare, ...fields };
};

/** Sends what must get no answer, then a ping: the pong is the first thing to come back. */
async function expectSilence(
  client: Client,
  source: Envelope['source'],
  message: Envelope | Uint8Array,
): Promise<void> {
  client.send(message);
  const probe = request(source, undefined, { content: { kind: 'ping' } });
  client.send(probe);
  expect((await client.next()).uid).toBe(probe.uid);
}

describe('a request to a connected session', () => {
  it('arrives byte for byte although it is unsigned, expired and has unknown fields', async () => {
    const sent = request(A, B, { timestamp: 1n, expiration: 1n });
    const unknownField = new Uint8Array([0xfa, 0x3e, 3, 1, 2, 3]);
    const bytes = new Uint8Array([...encodeEnvelope(sent), ...unknownField]);
    a.send(bytes);
    expect(Buffer.compare(await b.nextBytes(), bytes)).toBe(0);
  });

  it('keeps its order', async () => {
    const sent = Array.from({ length: 300 }, () => request(A, B));
    for (const each of sent) a.send(each);
    for (const each of sent) expect((await b.next()).uid).toBe(each.uid);
  });

  it('keeps its order in a long sequence and through the receiver’s sleep', async () => {
    for (let sleep = 0; sleep < 2; sleep += 1) {
      const sent = Array.from({ length: 2000 }, () => request(A, B));
      const [first, second] = sent;
      if (first === undefined || second === undefined) throw new Error('nothing to send');
      a.send(first);
      a.send(second);
      for (const [n, each] of sent.entries()) {
        expect((await b.next()).uid).toBe(each.uid);
        const next = sent[n + 2];
        if (next !== undefined) a.send(next);
      }
      await network.relay.evict(2);
    }
  });

  it('comes back when it is for its sender', async () => {
    const sent = request(A, A);
    a.send(sent);
    expect((await a.next()).uid).toBe(sent.uid);
  });

  it('arrives with 15 MiB of payload', async () => {
    const payload = { kind: 'plain' as const, bytes: new Uint8Array(15 * 2 ** 20).fill(7) };
    a.send(request(A, B, { payload }));
    expect((await b.next()).payload?.bytes.length).toBe(payload.bytes.length);
  });

  it('arrives although the chain names another relay for its twin', async () => {
    await network.settle(3, 'other.example');
    await using c = await network.join(3);
    const sent = request(A, { twin: 3 });
    a.send(sent);
    expect((await c.next()).uid).toBe(sent.uid);
  });
});

describe('an error', () => {
  it.each([
    ['a twin not on chain', { destination: { twin: 999_999 } }, 'unknown twin destination'],
    [
      'a twin not on chain, fail-fast',
      { destination: { twin: 999_999 }, tags: 'fail-fast' },
      'unknown twin destination',
    ],
    ['an offline twin, fail-fast', { destination: { twin: 5 }, tags: 'fail-fast' }, 'destination offline'],
    [
      'an offline twin, fail-fast among tags',
      { destination: { twin: 5 }, tags: 'x,\tfail-fast y' },
      'destination offline',
    ],
    [
      'a session of a connected twin that is not there, fail-fast',
      { destination: { twin: 2 }, tags: 'fail-fast' },
      'destination offline',
    ],
    [
      'an offline twin of this relay among others, fail-fast',
      { destination: { twin: 22 }, tags: 'fail-fast' },
      'destination offline',
    ],
    ['a twin without relay', { destination: { twin: 21 } }, 'relay info is not set for this twin'],
    [
      'a twin whose relay string names no host',
      { destination: { twin: 20 } },
      'no relay of this twin is reachable from here',
    ],
    ['twin 0', { destination: { twin: 0, connection: 'x' } }, 'message with missing destination'],
    ['nobody', { destination: undefined }, 'message with missing destination'],
    ['another twin, as another twin', { source: { twin: 2 } }, 'message wrong source'],
    ['another twin, from another sid', { source: { twin: 1, connection: 'x' } }, 'message wrong source'],
    ['another twin, from an empty sid', { source: { twin: 1, connection: '' } }, 'message wrong source'],
    ['another twin, from nobody', { source: undefined }, 'message wrong source'],
  ] as const)('answers a request to %s', async (_, fields, message) => {
    const sent: Envelope = { ...request(A, B), ...fields };
    a.send(sent);
    const before = BigInt(Math.floor(Date.now() / 1000)) - 5n;
    const answer = await a.next();
    expect(answer.timestamp).toBeGreaterThan(before);
    expect(answer).toEqual({
      uid: sent.uid,
      timestamp: answer.timestamp,
      expiration: 300n,
      destination: A,
      content: { kind: 'error', code: 0, message },
      relays: [],
    });
  });

  it('goes to the session that asked', async () => {
    await using sid = await network.join(1, 'sid1');
    sid.send(request({ twin: 1, connection: 'sid1' }, { twin: 0 }));
    expect((await sid.next()).destination).toEqual({ twin: 1, connection: 'sid1' });
  });

  it('answers nothing but requests', async () => {
    const response = { kind: 'response' } as const;
    const error = { kind: 'error', code: 5, message: 'x' } as const;
    for (const content of [response, error, undefined]) {
      await expectSilence(a, A, { ...request(A, { twin: 999_999 }), content });
      await expectSilence(a, A, { ...request(A, { twin: 5 }, { tags: 'fail-fast' }), content });
    }
    await expectSilence(a, A, ping({ source: { twin: 2 } }));
    await expectSilence(a, A, new Uint8Array(0));
  });
});

describe('a ping', () => {
  it('becomes a pong whatever its destination and age', async () => {
    for (const destination of [{ twin: 0 }, A, { twin: 2 }, { twin: 999_999 }]) {
      const sent = ping({ destination, timestamp: 5n, expiration: 40n });
      a.send(sent);
      const pong = await a.next();
      expect(pong).toMatchObject({ uid: sent.uid, timestamp: 5n, expiration: 40n, content: { kind: 'pong' } });
      expect([pong.source, pong.destination, text(pong.payload?.bytes)]).toEqual([destination, A, 'hello world']);
    }
    expect(b.waiting).toBe(0);
  });

  it('keeps signature, schema, tags and the payload it had', async () => {
    const kept = { schema: 's', tags: 't', signature: new Uint8Array(65).fill(0x65) };
    const sent = ping({ ...kept, payload: { kind: 'plain', bytes: new TextEncoder().encode('abc ') } });
    a.send(sent);
    const pong = await a.next();
    expect(pong).toMatchObject({ schema: 's', tags: 't' });
    expect([text(pong.payload?.bytes), pong.signature?.length, pong.source]).toEqual([
      'abc hello world',
      65,
      undefined,
    ]);
  });

  it('loses a cipher', async () => {
    a.send(ping({ payload: { kind: 'cipher', bytes: new Uint8Array(40) } }));
    expect(text((await a.next()).payload?.bytes)).toBe('hello world');
  });

  it('is not needed for a pong to reach its own session', async () => {
    const sent = request(A, A, { content: { kind: 'pong' } });
    a.send(sent);
    expect((await a.next()).uid).toBe(sent.uid);
  });
});

describe('a frame that is no envelope', () => {
  it.each([
    ['a text frame', 'hello', 1003],
    ['an empty text frame', '', 1003],
    ['garbage', new Uint8Array([255, 255, 255, 255]), 1007],
    ['a truncated envelope', new Uint8Array([10, 5, 97]), 1007],
    ['a uid that is not UTF-8', new Uint8Array([10, 2, 0xc3, 0x28]), 1007],
    ['a frame over the limit', new Uint8Array(17 * 2 ** 20), 1009],
  ])('closes the connection: %s', async (_, frame, code) => {
    const client = await network.join(4);
    client.send(frame);
    const closed = await client.closed;
    expect(closed.code).toBe(code);
    expect(closed.reason).not.toBe('');
  });
});
