import { base64urlnopad } from '@scure/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mintToken } from '../../proto/token/token.ts';

import { type Network, startNetwork } from '../rig/chain/network.ts';
import { upgrade } from '../rig/clients/upgrade.ts';

let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network[Symbol.asyncDispose]());

const now = () => Math.floor(Date.now() / 1000);
const json = (value: unknown) => base64urlnopad.encode(new TextEncoder().encode(JSON.stringify(value)));

/** A token with any claims, rightly signed. */
async function tokenOf(twin: number, claims: object, header: object = { alg: 'RS512' }): Promise<string> {
  const body = `${json(header)}.${json(claims)}`;
  const signature = await (await network.identity(twin)).sign(new TextEncoder().encode(body));
  return `${body}.${base64urlnopad.encode(signature)}`;
}
const good = (twin = 6) => tokenOf(twin, { sub: twin, iat: now(), exp: now() + 60 });

describe('a connection', () => {
  it('opens with a good token at any path, with padding and offers', async () => {
    const token = await good();
    const offers = { 'sec-websocket-protocol': 'chat', 'sec-websocket-extensions': 'permessage-deflate' };
    for (const path of [`/?${token}`, `/foo?${token}`, `/metrics?${token}`, `/?${token}=`]) {
      expect(await upgrade(network.relay.httpUrl, path)).toMatchObject({ status: 101 });
    }
    const answer = await upgrade(network.relay.httpUrl, `/?${token}`, { headers: offers });
    expect(answer.status).toBe(101);
    expect(answer.headers['sec-websocket-protocol']).toBeUndefined();
  });

  it('opens for both kinds of keys and for every sid', async () => {
    for (const sid of [undefined, '', 'one', 'ü€ &?#%', 'x'.repeat(1024)]) {
      await using sr25519 = await network.join(1, sid);
      await using ed25519 = await network.join(6, sid);
      expect([sr25519.socket.readyState, ed25519.socket.readyState]).toEqual([1, 1]);
    }
  });

  it('opens with exp hours ahead, iat minutes ahead, our name as audience and sid null', async () => {
    const aud = new URL(network.relay.httpUrl).host;
    for (const claims of [
      { sub: 6, iat: now(), exp: now() + 23 * 3600 },
      { sub: 6, iat: now() + 240, exp: now() + 300 },
      { sub: 6, aud, iat: now(), exp: now() + 60 },
      { sub: 6, sid: null, iat: now(), exp: now() + 60 },
    ]) {
      expect(await upgrade(network.relay.httpUrl, `/?${await tokenOf(6, claims)}`)).toMatchObject({ status: 101 });
    }
  });

  it('is refused by code with a token for years, from the future or for another relay', async () => {
    for (const [code, claims] of [
      ['long-token', { sub: 6, iat: now(), exp: now() + 30 * 365 * 86_400 }],
      ['early-token', { sub: 6, iat: now() + 5000, exp: now() + 6000 }],
      ['other-audience', { sub: 6, aud: 'relay.example', iat: now(), exp: now() + 60 }],
    ] as const) {
      const answer = await upgrade(network.relay.httpUrl, `/?${await tokenOf(6, claims)}`);
      expect(answer).toMatchObject({ status: 401, error: { code } });
    }
  });

  it.each([
    ['/', 400, 'missing jwt'],
    ['/?', 401, 'invalid jwt: jwt: No claims component found in token string'],
    ['/?garbage', 401, 'invalid jwt: jwt: No claims component found in token string'],
  ])('of %s is refused with %i %s', async (path, status, message) => {
    expect(await upgrade(network.relay.httpUrl, path)).toMatchObject({ status, error: { message } });
  });

  it('is refused when the token is expired, not signed by its twin, or of nobody', async () => {
    const at = now();
    const cases: [string, string][] = [
      [await tokenOf(6, { sub: 6, iat: at - 100, exp: at - 50 }), 'invalid jwt: jwt has expired'],
      [await tokenOf(5, { sub: 6, iat: at, exp: at + 60 }), 'invalid jwt: jwt: Invalid signature'],
      [`${(await good()).split('.').slice(0, 2).join('.')}.`, 'invalid jwt: jwt: Invalid signature'],
      [await tokenOf(6, { sub: 999_999, iat: at, exp: at + 60 }), 'twin not found 999999'],
      [await tokenOf(6, { sub: 0, iat: at, exp: at + 60 }), 'twin not found 0'],
    ];
    for (const [token, message] of cases) {
      expect(await upgrade(network.relay.httpUrl, `/?${token}`)).toMatchObject({ status: 401, error: { message } });
    }
  });

  it('reads for how long its token has expired and how far apart the clocks are', async () => {
    const at = now();
    const answer = await upgrade(
      network.relay.httpUrl,
      `/?${await tokenOf(6, { sub: 6, iat: at - 400, exp: at - 100 })}`,
    );
    expect(answer.error).toMatchObject({ code: 'expired-token', hint: expect.stringContaining('your clock is') });
    const { expiredFor, issuedAgo, relayTime } = z
      .object({ expiredFor: z.number(), issuedAgo: z.number(), relayTime: z.number() })
      .parse(answer.error);
    expect([expiredFor, issuedAgo]).toEqual([relayTime - at + 100, relayTime - at + 400]);
  });

  it('is refused with a code', async () => {
    const at = now();
    const cases: [string, string][] = [
      ['malformed-token', 'a.b.c'],
      ['bad-signature', await tokenOf(5, { sub: 6, iat: at, exp: at + 60 })],
      ['unknown-twin', await tokenOf(6, { sub: 999_999, iat: at, exp: at + 60 })],
      ['sid-too-long', await tokenOf(6, { sub: 6, sid: 'x'.repeat(1025), iat: at, exp: at + 60 })],
    ];
    for (const [code, token] of cases) {
      expect((await upgrade(network.relay.httpUrl, `/?${token}`)).error?.code).toBe(code);
    }
  });

  it('is refused in the words of the handshake without a key or with another version', async () => {
    const path = `/?${await good()}`;
    const cases: [Record<string, string | undefined>, string][] = [
      [{ 'sec-websocket-key': undefined }, 'No "Sec-WebSocket-Key" header'],
      [{ 'sec-websocket-version': '12' }, 'No "Sec-WebSocket-Version: 13" header'],
    ];
    for (const [headers, message] of cases) {
      const answer = await upgrade(network.relay.httpUrl, path, { headers });
      expect(answer).toMatchObject({ status: 500, error: { code: 'bad-handshake', message } });
    }
  });

  it('is refused when claims are missing, of another kind, or the sid is longer than 1024 bytes', async () => {
    const at = now();
    for (const claims of [
      {},
      { sub: 6, exp: at + 60 },
      { sub: '6', iat: at, exp: at + 60 },
      { sub: 6, sid: 5, iat: at, exp: at + 60 },
      { sub: 6, sid: 'x'.repeat(1025), iat: at, exp: at + 60 },
    ]) {
      const answer = await upgrade(network.relay.httpUrl, `/?${await tokenOf(6, claims)}`);
      expect(answer).toMatchObject({ status: 401, error: { message: expect.stringMatching(/^invalid jwt: /) } });
    }
  });

  it('is refused when the query holds anything but the token', async () => {
    const token = await good();
    for (const query of [`token=${token}`, `${token}&x=1`]) {
      expect(await upgrade(network.relay.httpUrl, `/?${query}`)).toMatchObject({ status: 401 });
    }
  });

  it('is refused with 500 when the chain is out of reach and the twin not known yet', async () => {
    await using other = await startNetwork({ SUBSTRATE_URLS: 'http://127.0.0.1:9' });
    const token = await mintToken({ twin: 6, now: now(), ttl: 60 }, await network.identity(6));
    const answer = await upgrade(other.relay.httpUrl, `/?${token}`);
    expect(answer).toMatchObject({
      status: 500,
      error: { code: 'chain-unreachable', twin: 6, message: expect.stringContaining('twin 6 cannot be looked up') },
    });
  });
});

describe('another request over HTTP', () => {
  it('gets 404 page not found', async () => {
    const token = await good();
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/?garbage'],
      ['GET', `/?${token}`],
      ['PUT', '/'],
      ['DELETE', '/'],
      ['OPTIONS', '/'],
      ['GET', '/foo'],
      ['POST', '/foo'],
    ]) {
      const answer = await fetch(`${network.relay.httpUrl}${path}`, { method: method ?? 'GET' });
      expect([answer.status, await answer.json()]).toMatchObject([
        404,
        { error: { code: 'not-found', message: 'page not found' } },
      ]);
    }
    expect((await fetch(network.relay.httpUrl, { method: 'HEAD' })).status).toBe(404);
  });
});

describe('the close handshake', () => {
  it('echoes code and reason', async () => {
    for (const [code, reason] of [
      [1000, 'done'],
      [4000, 'my own'],
    ] as const) {
      const client = await network.join(5, 'closing');
      client.socket.close(code, reason);
      expect(await client.closed).toEqual({ code, reason });
    }
  });

  it('answers a WebSocket ping', async () => {
    await using client = await network.join(5);
    const pong = new Promise<string>((resolve) => client.socket.once('pong', (data) => resolve(data.toString())));
    client.socket.ping('abc');
    expect(await pong).toBe('abc');
  });
});

describe('a session with two connections', () => {
  it('goes to the newer one at once', async () => {
    const older = await network.join(4, 'same');
    await using newer = await network.join(4, 'same');
    expect(await older.closed).toEqual({ code: 4409, reason: 'session taken over by a newer connection' });
    expect(newer.socket.readyState).toBe(1);
  });
});

it('every refusal forbids browsers to guess its type', async () => {
  const { httpUrl } = network.relay;
  const refusals = [await fetch(`${httpUrl}/nothing`), await fetch(httpUrl, { method: 'POST', body: 'no envelope' })];
  const upgraded = await upgrade(httpUrl, '/?no-token');
  const headers = refusals.map(({ status, headers }) => [status, headers.get('x-content-type-options')]);
  expect([...headers, [upgraded.status, upgraded.headers['x-content-type-options']]]).toEqual([
    [404, 'nosniff'],
    [400, 'nosniff'],
    [401, 'nosniff'],
  ]);
});
