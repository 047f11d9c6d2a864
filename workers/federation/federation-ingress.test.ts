import { describe, expect, it } from 'vitest';
import type { BatchEnvelope, TwinLookup, Verdict } from '../../durable-objects/contract.ts';
import { platformErrorOf } from '../../durable-objects/platform-errors.ts';
import type { Settings } from '../../durable-objects/settings.ts';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { request } from '../../test/rig/envelopes/envelopes.ts';
import { smallSettings } from '../../test/rig/relay/settings.ts';
import { statusOf } from '../refusal.ts';
import { takeIn } from './federation-ingress.ts';
import type { IngressPort } from './ingress-port.ts';

const found = { found: { id: 2, account: new Uint8Array(32), relay: 'relay.example', pk: null } };

function settings(verify: 'signature' | 'off'): Settings {
  return smallSettings({ FEDERATION_VERIFY: verify, MAX_ENVELOPE_BYTES: '1024' });
}

/** A port that must not be used. */
const unused: IngressPort = {
  now: () => 0,
  verify: PORTABLE.verify,
  lookup: () => Promise.reject(new Error('used')),
  refresh: () => Promise.reject(new Error('used')),
  spend: () => false,
  wasAccepted: () => false,
  accepted: () => undefined,
  keptHere: () => undefined,
  failed: () => 'other',
  count: () => undefined,
  deliver: () => Promise.reject(new Error('used')),
};

/** Cases that are hard to cause in test/federation/inbound.test.ts, which uses real relays. */
async function take(
  verify: 'signature' | 'off',
  {
    lookup = found,
    verdict,
    hasBudget = true,
    isOverloaded = false,
    headers = {},
    delivered = [],
    kept = [],
  }: {
    lookup?: TwinLookup;
    verdict?: Verdict;
    hasBudget?: boolean;
    /** The twin's object takes no call. */
    isOverloaded?: boolean;
    headers?: Record<string, string>;
    /** Collects what the twin's object gets. */
    delivered?: BatchEnvelope[];
    /** Collects the twins whose mail other relays may have to get. */
    kept?: string[];
  } = {},
) {
  const body = encodeEnvelope(request({ twin: 1 }, { twin: 2 }));
  const taken = await takeIn(
    new Request('https://relay.example/', { method: 'POST', body: new Uint8Array(body), headers }),
    settings(verify),
    {
      now: () => Date.now() / 1000,
      verify: PORTABLE.verify,
      lookup: async () => lookup,
      refresh: async () => 'recent',
      spend: () => hasBudget,
      wasAccepted: () => false,
      accepted: () => undefined,
      keptHere: (twin, host) => void kept.push(`${twin} ${host}`),
      count: () => undefined,
      failed: (_, error) => platformErrorOf(error),
      deliver: async (_, envelopes) => {
        delivered.push(...envelopes);
        if (isOverloaded) throw Object.assign(new Error('no reason'), { overloaded: true });
        if (verdict === undefined) throw new Error('object reset');
        return [verdict];
      },
    },
  );
  return 'refusal' in taken ? taken.refusal : undefined;
}

describe('takeIn', () => {
  it('asks for a retry while source or destination cannot be looked up', async () => {
    for (const verify of ['signature', 'off'] as const) {
      expect(await take(verify, { lookup: { unavailable: 'down' } })).toEqual({
        code: 'lookup-failed',
        message: expect.stringContaining('down'),
      });
    }
  });

  it('asks for a retry when the connection breaks during the body', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('Network connection lost.')) });
    const request = new Request('https://relay.example/', { method: 'POST', body, duplex: 'half' });
    const taken = await takeIn(request, settings('off'), unused);
    const refusal = 'refusal' in taken ? taken.refusal : undefined;
    expect(refusal).toEqual({ code: 'cut-body', message: expect.stringContaining('before the end of the body') });
    expect(refusal && statusOf(refusal.code)).toBe(503);
  });

  it('asks for a retry after a failed call to the destination’s object, and with a spent budget', async () => {
    const refusals = [await take('off'), await take('off', { verdict: 'sent', hasBudget: false })];
    expect(refusals.map((each) => each?.code)).toEqual(['undelivered', 'budget-spent']);
    for (const each of refusals) expect(each && statusOf(each.code)).toBe(503);
  });

  it('asks for a later retry while the destination’s object is overloaded', async () => {
    const refusal = await take('off', { isOverloaded: true });
    expect(refusal).toMatchObject({ code: 'overloaded', retryAfter: 10 });
    expect(refusal && statusOf(refusal.code)).toBe(503);
  });

  it.each([
    ['sent', undefined],
    ['stored', undefined],
    ['offline', 404],
    ['full', 503],
    ['share', 503],
    ['repeat', undefined],
    ['expired', 410],
    ['version', 503],
    [JSON.parse('"of later code"'), 503],
  ] as const)('answers the verdict %s with status %s', async (verdict, status) => {
    const refusal = await take('off', { verdict });
    expect(refusal && statusOf(refusal.code)).toBe(status);
  });

  it('stores nothing that its sender wants back if the session is away', async () => {
    const delivered: BatchEnvelope[] = [];
    await take('off', { verdict: 'offline', headers: { 'rmb-if-away': 'return' }, delivered });
    await take('off', { verdict: 'stored', headers: { 'rmb-if-away': 'keep' }, delivered });
    await take('off', { verdict: 'stored', delivered });
    expect(delivered.map(({ ifAway }) => ifAway)).toEqual(['return', 'store', 'store']);
  });

  it('has the mail of a twin of several relays looked after, and no other', async () => {
    const kept: string[] = [];
    const several: TwinLookup = { found: { ...found.found, relay: 'other.example_relay.example' } };
    await take('off', { verdict: 'stored', kept });
    await take('off', { verdict: 'sent', lookup: several, kept });
    expect(kept).toEqual([]);
    await take('off', { verdict: 'stored', lookup: several, kept });
    expect(kept).toEqual(['2 relay.example']);
  });
});
