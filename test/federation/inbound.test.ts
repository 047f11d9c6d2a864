import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { addSeal } from '../../proto/seal/seal.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { post } from '../rig/clients/post.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { settleOn } from '../rig/relay/two-relays.ts';

/** A twin at home at another relay. */
const FOREIGN = { twin: 5 };

let network: Network;
beforeAll(async () => {
  const small = { MAILBOX_MAX_MESSAGES: '3', MAX_ENVELOPE_BYTES: '1048576' };
  network = await startNetwork({ ...small, RATE_LIMIT_MESSAGES: '60', RATE_LIMIT_BYTES: '3000000' });
  await network.settle(5, 'other.example');
  await network.settle(6, 'other.example');
  // These are on chain before the relay reads the highest id: for 6 s after that a higher one is unknown.
  for (const twin of [40, 41]) await settleOn(network.chain, twin, 'other.example', 1);
});
afterAll(() => network[Symbol.asyncDispose]());

async function signed(
  from: { readonly twin: number },
  destination: Envelope['destination'],
  fields: Partial<Envelope> = {},
  signer = from.twin,
): Promise<Uint8Array> {
  return encodeEnvelope(await signEnvelope(request(from, destination, fields), await network.identity(signer)));
}

/** A sealed request whose last letter of the uid has moved into the tags: its signature holds. */
async function resplit(): Promise<Uint8Array> {
  const sealed = addSeal(request(FOREIGN, { twin: 2 }, { tags: 'one' }));
  if (!sealed.ok) throw new Error(sealed.error.reason);
  const { uid, tags, ...rest } = await signEnvelope(sealed.value, await network.identity(FOREIGN.twin));
  return encodeEnvelope({ ...rest, uid: uid.slice(0, -1), tags: `${uid.slice(-1)}${tags}` });
}

describe('an envelope that another relay brings', () => {
  it('is delivered unchanged and answered with an empty 202', async () => {
    await using b = await network.join(2);
    const kinds: Partial<Envelope>[] = [
      {},
      { content: { kind: 'response' } },
      { content: { kind: 'error', code: 5, message: 'x' } },
      { content: { kind: 'ping' } },
      { tags: 'fail-fast' },
    ];
    for (const fields of kinds) {
      const bytes = await signed(FOREIGN, { twin: 2 }, fields);
      expect(await post(network, bytes, { path: '/?any=query' })).toMatchObject({ status: 202, body: '' });
      expect(Buffer.compare(await b.nextBytes(), bytes)).toBe(0);
    }
    const chunked = await signed(FOREIGN, { twin: 2 });
    expect(await post(network, chunked, { isChunked: true })).toMatchObject({ status: 202 });
    expect(Buffer.compare(await b.nextBytes(), chunked)).toBe(0);
  });

  it('waits for an offline twin of this relay', async () => {
    const bytes = await signed(FOREIGN, { twin: 3, connection: 'mail' });
    expect(await post(network, bytes)).toMatchObject({ status: 202 });
    await using c = await network.join(3, 'mail');
    expect(Buffer.compare(await c.nextBytes(), bytes)).toBe(0);
  });

  it('reaches a connected twin although the chain names another relay', async () => {
    const bytes = await signed(FOREIGN, { twin: 6 });
    expect(await post(network, bytes)).toMatchObject({
      status: 404,
      body: expect.stringContaining('"destination offline"'),
    });
    await using f = await network.join(6);
    expect(await post(network, bytes)).toMatchObject({ status: 202 });
    expect(Buffer.compare(await f.nextBytes(), bytes)).toBe(0);
  });

  it('is refused for good when no later attempt can succeed', async () => {
    const refusals: [string, Uint8Array, number, string, RegExp][] = [
      ['no envelope', new Uint8Array([255, 255, 255]), 400, 'not-an-envelope', /^bad request: /],
      [
        'too large',
        await signed(FOREIGN, { twin: 2 }, { payload: { kind: 'plain', bytes: new Uint8Array(2 ** 20) } }),
        400,
        'too-large',
        /1048576 bytes/,
      ],
      ['nothing, thus no source', new Uint8Array(0), 403, 'source-missing', /source twin is missing/],
      [
        'an error from twin 0',
        encodeEnvelope(request({ twin: 0 }, { twin: 2 }, { content: { kind: 'error', code: 0, message: 'x' } })),
        403,
        'source-missing',
        /source twin is missing/,
      ],
      ['unsigned', encodeEnvelope(request(FOREIGN, { twin: 2 })), 403, 'envelope-signature', /not signed/],
      [
        'signed by somebody else',
        await signed(FOREIGN, { twin: 2 }, {}, 1),
        403,
        'envelope-signature',
        /verification failed/,
      ],
      [
        'a source that is not on chain',
        await signed({ twin: 999_999 }, { twin: 2 }, {}, 5),
        403,
        'unknown-source',
        /999999 is not on chain/,
      ],
      ['expired', await signed(FOREIGN, { twin: 2 }, { timestamp: 1n }), 410, 'expired', /expired/],
      [
        'from the future',
        await signed(FOREIGN, { twin: 2 }, { timestamp: BigInt(Math.floor(Date.now() / 1000) + 400) }),
        403,
        'implausible',
        /timestamp is more than 300 s in the future/,
      ],
      [
        'valid for centuries',
        await signed(FOREIGN, { twin: 2 }, { expiration: 2n ** 63n }),
        403,
        'implausible',
        /lives longer than 86400 s/,
      ],
      ['split again', await resplit(), 403, 'seal', /the seal is that of another envelope/],
      ['no destination', await signed(FOREIGN, undefined), 404, 'destination-missing', /destination twin is missing/],
      ['twin 0', await signed(FOREIGN, { twin: 0 }), 404, 'destination-missing', /destination twin is missing/],
      [
        'a twin that is not on chain',
        await signed(FOREIGN, { twin: 888_888 }),
        404,
        'unknown-destination',
        /888888 is not on chain/,
      ],
      [
        'an offline twin, fail-fast',
        await signed(FOREIGN, { twin: 4 }, { tags: 'fail-fast' }),
        404,
        'offline',
        /^destination offline$/,
      ],
      [
        'an offline response, fail-fast',
        await signed(FOREIGN, { twin: 4 }, { tags: 'fail-fast', content: { kind: 'response' } }),
        404,
        'offline',
        /^destination offline$/,
      ],
    ];
    for (const [what, bytes, status, code, message] of refusals) {
      const answer = await post(network, bytes);
      const { error } = JSON.parse(answer.body);
      expect({ what, status: answer.status, code: error.code }).toEqual({ what, status, code });
      expect(error.message).toMatch(message);
    }
    const large = await signed(FOREIGN, { twin: 2 }, { payload: { kind: 'plain', bytes: new Uint8Array(2 ** 20) } });
    expect(await post(network, large, { isChunked: true })).toMatchObject({ status: 400 });
  });

  it('is refused as a loop when this relay sent it itself', async () => {
    const bytes = await signed(FOREIGN, { twin: 2 });
    for (const via of [`localhost:${network.relay.port}`, `LOCALHOST:${network.relay.port}`]) {
      expect(await post(network, bytes, { headers: { 'rmb-via': via } })).toMatchObject({ status: 421 });
    }
    expect(await post(network, bytes, { headers: { 'rmb-via': 'other.example' } })).toMatchObject({ status: 202 });
  });

  it('gets 503 and Retry-After when a mailbox is full', async () => {
    for (const source of [5, 5]) {
      expect(await post(network, await signed({ twin: source }, { twin: 4 }))).toMatchObject({ status: 202 });
    }
    const share = await post(network, await signed(FOREIGN, { twin: 4 }));
    expect(share).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: expect.stringContaining('mailbox-share'),
    });
    expect(await post(network, await signed({ twin: 6 }, { twin: 4 }))).toMatchObject({ status: 202 });
    const full = await post(network, await signed({ twin: 6 }, { twin: 4 }));
    expect(full).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: expect.stringContaining('mailbox-full'),
    });
  });

  it('is verified with a key that has changed on chain since it was last read', async () => {
    await using b = await network.join(2, 'keys');
    const to = { twin: 2, connection: 'keys' };
    await settleOn(network.chain, 40, 'other.example', 1);
    expect(await post(network, await signed({ twin: 40 }, to, {}, 1))).toMatchObject({ status: 202 });
    await settleOn(network.chain, 40, 'other.example', 3);
    const bytes = await signed({ twin: 40 }, to, {}, 3);
    expect(await post(network, bytes)).toMatchObject({ status: 202 });
    await b.nextBytes();
    expect(Buffer.compare(await b.nextBytes(), bytes)).toBe(0);
    // The key before no longer does.
    expect(await post(network, await signed({ twin: 40 }, to, {}, 1))).toMatchObject({ status: 403 });
  });

  it('spends the rate limit of its source twin alone', async () => {
    await settleOn(network.chain, 41, 'other.example', 1);
    const to = { twin: 3, connection: 'big' };
    const payload = { kind: 'plain', bytes: new Uint8Array(1_000_000) } as const;
    const large = () => signed({ twin: 41 }, to, { payload }, 1);
    // More than the budget of two minutes: a new one may begin in between.
    const statuses: number[] = [];
    for (let n = 0; n < 7; n += 1) statuses.push((await post(network, await large())).status);
    expect(statuses).toContain(503);
    const forged = await signed({ twin: 5 }, { twin: 3 }, {}, 1);
    for (let n = 0; n < 70; n += 1) expect((await post(network, forged)).status).toBe(403);
    expect((await post(network, await signed(FOREIGN, { twin: 3 }))).status).toBe(202);
  });
});

describe('another POST', () => {
  it('is no federation', async () => {
    expect(await post(network, new Uint8Array(0), { path: '/foo' })).toMatchObject({
      status: 404,
      body: expect.stringContaining('"page not found"'),
    });
  });
});
