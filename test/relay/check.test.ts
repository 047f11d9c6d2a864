import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mintToken } from '../../proto/token/token.ts';
import { startRelay } from '../../tools/local-relay/relay.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { upgrade } from '../rig/clients/upgrade.ts';
import { useOf } from '../rig/relay/metered.ts';
import { until } from '../rig/until.ts';

/** Charges of one address in a minute. */
const LIMIT = 5;

let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network[Symbol.asyncDispose]());

const answers = z.object({
  twin: z.number().optional(),
  time: z.number().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

const now = () => Math.floor(Date.now() / 1000);
const token = async (claims: object = {}, signer = 6) =>
  mintToken({ twin: 6, now: now(), ttl: 60, ...claims }, await network.identity(signer));

async function check(body: string, httpUrl = network.relay.httpUrl, headers: Record<string, string> = {}) {
  const response = await fetch(`${httpUrl}/check`, { method: 'POST', body, headers });
  return { status: response.status, headers: response.headers, answer: answers.parse(await response.json()) };
}

describe('POST /check', () => {
  it('answers a good token with its twin and the time, readable for any page, and wakes no object', async () => {
    const use = await useOf(network.relay, async () => {
      const before = now();
      const { status, headers, answer } = await check(
        await token({ sid: 'page', aud: `localhost:${network.relay.port}` }),
      );
      expect([status, answer]).toEqual([200, { twin: 6, time: expect.any(Number) }]);
      expect((answer.time ?? 0) - before).toBeGreaterThanOrEqual(0);
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('cache-control')).toBe('no-store');
    });
    expect([use.objects.TwinObject.calls, use.objects.TwinObject.wakes]).toEqual([0, 0]);
  });

  it('refuses a token with the status and the words of an upgrade, readable for any page', async () => {
    for (const refused of [
      'garbage',
      await token({ now: now() - 600 }),
      await token({ now: now() + 5_000 }),
      await token({ ttl: 200_000 }),
      await token({ aud: 'relay.example' }),
      await token({ twin: 999_999 }),
      await token({ sid: 'x'.repeat(1025) }),
      await token({}, 5),
    ]) {
      const upgraded = await upgrade(network.relay.httpUrl, `/?${refused}`);
      const { status, headers, answer } = await check(refused);
      expect([status, answer.error?.code, answer.error?.message]).toEqual([
        upgraded.status,
        upgraded.error?.code,
        upgraded.error?.message,
      ]);
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('cache-control')).toBe('no-store');
    }
    expect(await check('')).toMatchObject({ status: 400, answer: { error: { code: 'missing-token' } } });
  });

  it('charges an address for refused tokens, counts them, and always answers for a twin that is known', async () => {
    const settings = { SUBSTRATE_URLS: network.chain.httpUrl };
    await using relay = await startRelay({ settings, strangers: LIMIT, direct: true });
    const from = { 'cf-connecting-ip': '192.0.2.7' };
    const ask = (text: string) => check(text, relay.httpUrl, from);
    expect((await ask(await token())).status).toBe(200);
    expect((await ask('garbage')).status).toBe(401);
    await until('the count of the first refusal', async () => {
      const metrics = await (await fetch(`${relay.httpUrl}/metrics`)).text();
      return metrics.includes('relay_refused_requests_total{code="malformed-token"} 1');
    });
    await until('the limit of strangers', async () => (await ask('garbage')).status === 429);
    const refused = await ask('garbage');
    expect(refused.answer).toMatchObject({ error: { code: 'too-many-strangers' } });
    expect((await ask(await token())).status).toBe(200);
  });

  it('exists for POST alone', async () => {
    for (const method of ['GET', 'PUT', 'OPTIONS']) {
      expect((await fetch(`${network.relay.httpUrl}/check`, { method })).status).toBe(404);
    }
  });
});
