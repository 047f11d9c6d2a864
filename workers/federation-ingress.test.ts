import { describe, expect, it } from 'vitest';
import type { TwinLookup, Verdict } from '../durable-objects/contract.ts';
import type { Settings } from '../durable-objects/settings.ts';
import { encodeEnvelope } from '../proto/envelope.ts';
import { request } from '../test/rig/envelopes.ts';
import { smallSettings } from '../test/rig/settings.ts';
import { type IngressPort, takeIn } from './federation-ingress.ts';
import { statusOf } from './refusal.ts';

const found: TwinLookup = { found: { id: 2, account: new Uint8Array(32), relay: 'relay.example', pk: null } };

function settings(verify: 'signature' | 'off'): Settings {
  return smallSettings({ FEDERATION_VERIFY: verify, MAX_ENVELOPE_BYTES: '1024' });
}

/** A port of which nothing may be asked. */
const unused: IngressPort = {
  now: () => 0,
  lookup: () => Promise.reject(new Error('asked')),
  refresh: () => Promise.reject(new Error('asked')),
  spend: () => false,
  wasAnswered: () => false,
  answered: () => undefined,
  repeated: () => undefined,
  deliver: () => Promise.reject(new Error('asked')),
};

/** What real relays answer is tested in test/federation-in.test.ts; here is what is hard to bring about there. */
function take(
  verify: 'signature' | 'off',
  { lookup = found, verdict, may = true }: { lookup?: TwinLookup; verdict?: Verdict; may?: boolean } = {},
) {
  const body = encodeEnvelope(request({ twin: 1 }, { twin: 2 }));
  return takeIn(
    new Request('https://relay.example/', { method: 'POST', body: new Uint8Array(body) }),
    settings(verify),
    {
      now: () => Date.now() / 1000,
      lookup: async () => lookup,
      refresh: async () => 'recent',
      spend: () => may,
      wasAnswered: () => false,
      answered: () => undefined,
      repeated: () => undefined,
      deliver: async () => {
        if (verdict === undefined) throw new Error('object reset');
        return verdict;
      },
    },
  );
}

describe('the ingress', () => {
  it('asks for a retry while the chain is out of reach, for the source and for the destination', async () => {
    for (const verify of ['signature', 'off'] as const) {
      expect(await take(verify, { lookup: { unavailable: 'down' } })).toEqual({
        code: 'lookup-failed',
        message: expect.stringContaining('down'),
      });
    }
  });

  it('asks for a retry when the connection is lost in the middle of a body', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('Network connection lost.')) });
    const request = new Request('https://relay.example/', { method: 'POST', body, duplex: 'half' });
    const refusal = await takeIn(request, settings('off'), unused);
    expect(refusal).toEqual({ code: 'cut-body', message: expect.stringContaining('before the end of the body') });
    expect(refusal && statusOf(refusal.code)).toBe(503);
  });

  it('asks for a retry when the destination’s object died in the call, and when a budget is spent', async () => {
    const refusals = [await take('off'), await take('off', { verdict: 'sent', may: false })];
    expect(refusals.map((each) => each?.code)).toEqual(['undelivered', 'budget-spent']);
    for (const each of refusals) expect(each && statusOf(each.code)).toBe(503);
  });

  it.each([
    ['sent', undefined],
    ['stored', undefined],
    ['offline', 404],
    ['full', 503],
    ['share', 503],
    ['repeat', undefined],
    ['expired', 410],
  ] as const)('answers %s with a refusal of status %s', async (verdict, status) => {
    const refusal = await take('off', { verdict });
    expect(refusal && statusOf(refusal.code)).toBe(status);
  });
});
