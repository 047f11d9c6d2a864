import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Envelope, encodeEnvelope } from '../proto/envelope.ts';
import { addSeal } from '../proto/seal/seal.ts';
import { signEnvelope } from '../proto/signature.ts';
import { request } from './rig/envelopes.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { settleOn } from './rig/two-relays.ts';

/** At home at a relay that is not ours. */
const FOREIGN = { twin: 5 };

let network: Network;
let open: Network;
beforeAll(async () => {
  const small = { MAILBOX_MAX_MESSAGES: '3', MAX_ENVELOPE_BYTES: '1048576' };
  network = await startNetwork({ ...small, RATE_LIMIT_MESSAGES: '60', RATE_LIMIT_BYTES: '3000000' });
  open = await startNetwork({ ...small, FEDERATION_VERIFY: 'off' });
  for (const each of [network, open]) {
    await each.settle(5, 'other.example');
    await each.settle(6, 'other.example');
  }
  // Before the relay reads the highest id: for 6 s after that a higher one is unknown.
  for (const twin of [40, 41]) await settleOn(network.chain, twin, 'other.example', 1);
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** POSTs as another relay does. */
async function post(
  to: Network,
  body: Uint8Array,
  {
    path = '/',
    headers = {},
    chunked = false,
  }: { path?: string; headers?: Record<string, string>; chunked?: boolean } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const length = chunked ? {} : { 'content-length': String(body.length) };
  const outgoing = httpRequest(
    `${to.relay.httpUrl}${path}`,
    { method: 'POST', headers: { ...length, ...headers } },
    async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), headers: response.headers });
    },
  );
  outgoing.on('error', reject);
  if (chunked) outgoing.write(body.subarray(0, 10));
  outgoing.end(chunked ? body.subarray(10) : body);
  return promise;
}

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
  it('is delivered as it is, whatever it is, and answered with an empty 202', async () => {
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
    expect(await post(network, chunked, { chunked: true })).toMatchObject({ status: 202 });
    expect(Buffer.compare(await b.nextBytes(), chunked)).toBe(0);
  });

  it('waits for a twin of ours that is away', async () => {
    const bytes = await signed(FOREIGN, { twin: 3, connection: 'mail' });
    expect(await post(network, bytes)).toMatchObject({ status: 202 });
    await using c = await network.join(3, 'mail');
    expect(Buffer.compare(await c.nextBytes(), bytes)).toBe(0);
  });

  it('is delivered to a twin that is connected here though the chain names another relay', async () => {
    const bytes = await signed(FOREIGN, { twin: 6 });
    expect(await post(network, bytes)).toMatchObject({
      status: 404,
      body: expect.stringContaining('"destination offline"'),
    });
    await using f = await network.join(6);
    expect(await post(network, bytes)).toMatchObject({ status: 202 });
    expect(Buffer.compare(await f.nextBytes(), bytes)).toBe(0);
  });

  it('is refused for good: what may not pass later', async () => {
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
        /timestamp lies more than 300 s in the future/,
      ],
      [
        'valid for centuries',
        await signed(FOREIGN, { twin: 2 }, { expiration: 2n ** 63n }),
        403,
        'implausible',
        /lives longer than 86400 s/,
      ],
      ['cut anew', await resplit(), 403, 'seal', /the seal is that of another envelope/],
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
    expect(await post(network, large, { chunked: true })).toMatchObject({ status: 400 });
  });

  it('that this relay sent itself is a loop', async () => {
    const bytes = await signed(FOREIGN, { twin: 2 });
    for (const via of [`localhost:${network.relay.port}`, `LOCALHOST:${network.relay.port}`]) {
      expect(await post(network, bytes, { headers: { 'rmb-via': via } })).toMatchObject({ status: 421 });
    }
    expect(await post(network, bytes, { headers: { 'rmb-via': 'other.example' } })).toMatchObject({ status: 202 });
  });

  it('comes again later when a mailbox is full', async () => {
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

  it('counts with a key that has changed on chain since it was last read', async () => {
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

  it('spends its source twin’s minute, and nobody else’s', async () => {
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

describe('with FEDERATION_VERIFY=off', () => {
  it('unsigned and expired envelopes are taken, as the Rust relay takes them', async () => {
    await using b = await open.join(2);
    for (const fields of [{}, { timestamp: 1n }, { source: { twin: 999_999 } }]) {
      const bytes = encodeEnvelope(request(FOREIGN, { twin: 2 }, fields));
      expect(await post(open, bytes)).toMatchObject({ status: 202, body: '' });
      expect(Buffer.compare(await b.nextBytes(), bytes)).toBe(0);
    }
  });

  it('size, form, loops and twin 0 are still refused, and no stranger wakes an object', async () => {
    const plain = encodeEnvelope(request(FOREIGN, { twin: 2 }));
    expect(await post(open, new Uint8Array(2 ** 20 + 1))).toMatchObject({ status: 400 });
    expect(await post(open, new Uint8Array([255]))).toMatchObject({ status: 400 });
    expect(await post(open, plain, { headers: { 'rmb-via': `127.0.0.1:${open.relay.port}` } })).toMatchObject({
      status: 421,
    });
    expect(await post(open, encodeEnvelope(request({ twin: 0 }, { twin: 2 })))).toMatchObject({ status: 403 });
    expect(await post(open, encodeEnvelope(request(FOREIGN, { twin: 777_777 })))).toMatchObject({ status: 404 });
  });
});

describe('any other POST', () => {
  it('is no federation', async () => {
    expect(await post(network, new Uint8Array(0), { path: '/foo' })).toMatchObject({
      status: 404,
      body: expect.stringContaining('"page not found"'),
    });
  });
});
