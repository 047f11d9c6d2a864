import { describe, expect, it } from 'vitest';
import type { TwinLookup } from '../durable-objects/contract.ts';
import { PORTABLE } from '../proto/crypto/portable.ts';
import { identityOf } from '../proto/identity.ts';
import { mintToken } from '../proto/token/token.ts';
import { checkPosted, checkResponse } from './check.ts';
import { chargedRefusal } from './strangers-limit.ts';

const NOW = 1_800_000_000;

async function identity() {
  const made = await identityOf(`0x${'11'.repeat(32)}`, 'ed25519');
  if (!made.ok) throw new Error(made.error.detail);
  return made.value;
}

/** Posts a body to relay.example, which knows twin 7. Returns the answer and how many look-ups it cost. */
async function post(body: string, limiter = { limit: async () => ({ success: true }) }) {
  const { account } = await identity();
  let lookups = 0;
  const checked = await checkPosted(new Request('https://relay.example/check', { method: 'POST', body }), {
    names: [],
    recall: () => undefined,
    lookup: async (id): Promise<TwinLookup> => {
      lookups += 1;
      return id === 7 ? { found: { id, account, relay: null, pk: null } } : { unknown: true };
    },
    now: () => NOW,
    verify: PORTABLE.verify,
    charged: (refusal) => chargedRefusal(limiter, '192.0.2.7', refusal),
  });
  return { answer: checked.ok ? checked.value : checked.error.code, lookups };
}

const token = async (claims: object = {}) => mintToken({ twin: 7, now: NOW, ttl: 60, ...claims }, await identity());

describe('a posted token', () => {
  it('is accepted with its twin and the time of the relay', async () => {
    expect(await post(await token())).toEqual({ answer: { twin: 7, time: NOW }, lookups: 1 });
  });

  it.each([
    ['missing-token', 0, async () => ''],
    ['malformed-token', 0, async () => 'garbage'],
    ['expired-token', 0, () => token({ now: NOW - 600 })],
    ['other-audience', 0, () => token({ aud: 'other.example' })],
    ['unknown-twin', 1, () => token({ twin: 8 })],
    ['bad-signature', 1, async () => `${(await token()).slice(0, -8)}AAAAAAAA`],
  ])('is refused as that of an upgrade: %s', async (code, lookups, made) => {
    expect(await post(await made())).toEqual({ answer: code, lookups });
  });

  it('has at most 16 KiB', async () => {
    const aud = ['relay.example', 'x'.repeat(13_000)];
    expect(await post(await token({ aud: aud.slice(0, 1) }))).toMatchObject({ answer: { twin: 7 } });
    expect((await token({ aud })).length).toBeGreaterThan(16_384);
    expect(await post(await token({ aud }))).toEqual({ answer: 'malformed-token', lookups: 0 });
  });

  it('is charged to its address if it is refused', async () => {
    const limiter = { limit: async () => ({ success: false }) };
    expect(await post('garbage', limiter)).toMatchObject({ answer: 'too-many-strangers' });
    expect(await post(`a.b.${'c'.repeat(16_384)}`, limiter)).toMatchObject({ answer: 'too-many-strangers' });
    expect(await post(await token(), limiter)).toMatchObject({ answer: { twin: 7 } });
  });

  it('is answered so that pages of any origin can read it and no cache keeps it', () => {
    const { headers } = checkResponse({ twin: 7, time: NOW });
    expect([headers.get('access-control-allow-origin'), headers.get('cache-control')]).toEqual(['*', 'no-store']);
  });
});
