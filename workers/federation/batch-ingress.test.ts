import { describe, expect, it } from 'vitest';
import type { BatchEnvelope, TwinLookup, Verdict } from '../../durable-objects/contract.ts';
import { BATCH_OUTCOMES } from '../../proto/batch/batch-answers.ts';
import { encodeRelayBatch, MOST_BATCH_BYTES } from '../../proto/batch/relay-batch.ts';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { type Identity, identityOf } from '../../proto/identity.ts';
import { request } from '../../test/rig/envelopes/envelopes.ts';
import { smallSettings } from '../../test/rig/relay/settings.ts';
import { takeBatchIn } from './federation-ingress.ts';
import type { IngressPort } from './ingress-port.ts';

const NOW = Math.floor(Date.now() / 1000);

async function identity(digit: string): Promise<Identity> {
  const made = await identityOf(`0x${digit.repeat(64)}`, 'ed25519');
  if (!made.ok) throw new Error(made.error.reason);
  return made.value;
}
const [source, newKey] = await Promise.all([identity('1'), identity('2')]);
const twin = (id: number, key = source): TwinLookup => ({
  found: { id, account: key.account, relay: 'relay.example', pk: null },
});

/** An ingress whose objects give the same verdict for all, and keep what they are given. */
function rig({ verdict = 'sent', ...port }: Partial<IngressPort> & { verdict?: Verdict | 'dies' } = {}) {
  const calls: { twin: number; envelopes: readonly BatchEnvelope[] }[] = [];
  const looked: number[] = [];
  const accepted = new Set<string>();
  const all: IngressPort = {
    now: () => NOW,
    verify: PORTABLE.verify,
    lookup: async (id) => {
      looked.push(id);
      return twin(id);
    },
    refresh: async () => 'recent',
    spend: () => true,
    wasAccepted: (digest) => accepted.has(digest),
    accepted: (digest) => void accepted.add(digest),
    keptHere: () => undefined,
    failed: () => 'other',
    count: () => undefined,
    deliver: async (to, envelopes) => {
      calls.push({ twin: to, envelopes });
      if (verdict === 'dies') throw new Error('object reset');
      return envelopes.map(() => verdict);
    },
    ...port,
  };
  const take = async (body: Uint8Array, headers: Record<string, string> = {}) =>
    await takeBatchIn(
      new Request('https://relay.example/', { method: 'POST', body: Uint8Array.from(body), headers }),
      smallSettings(),
      all,
    );
  /** Takes a batch of envelopes. Returns the outcome of each, or the code of its refusal. */
  const bring = async (...envelopes: (Envelope | Uint8Array)[]) => {
    const bytes = envelopes.map((each) => (each instanceof Uint8Array ? each : encodeEnvelope(each)));
    const taken = await take(encodeRelayBatch(bytes.map((each) => ({ bytes: each, mayStore: true }))));
    if ('code' in taken) return [taken.code];
    return taken.map((each) => ('refusal' in each ? each.refusal.code : each.outcome));
  };
  return { take, bring, calls, looked };
}

const signed = (to: number, fields: Partial<Envelope> = {}, key = source) =>
  signEnvelope(request({ twin: 1 }, { twin: to }, fields), key);

describe('takeBatchIn', () => {
  it('delivers the envelopes of each twin in one call, in order, and looks each twin up once', async () => {
    const { bring, calls, looked } = rig();
    const sent = await Promise.all([2, 3, 2, 2].map((to) => signed(to)));
    expect(await bring(...sent)).toEqual(Array(4).fill('delivered'));
    const bytes = (...places: number[]) =>
      places.map((n) => [...encodeEnvelope(sent[n] ?? request({ twin: 1 }, { twin: 2 }))]);
    expect(calls.map(({ twin: to, envelopes }) => [to, envelopes.map((each) => [...each.bytes])])).toEqual([
      [2, bytes(0, 2, 3)],
      [3, bytes(1)],
    ]);
    expect(looked).toEqual([1, 2, 3]);
  });

  it('checks each envelope as if it had come alone', async () => {
    const { bring, calls } = rig();
    const outcomes = await bring(
      await signed(2),
      request({ twin: 1 }, { twin: 2 }),
      await signed(2, { expiration: 1n, timestamp: 1n }),
      Uint8Array.of(1, 2, 3),
      request({ twin: 0 }, { twin: 2 }),
      await signed(2, { destination: { twin: 0 } }),
      await signed(2, { timestamp: BigInt(NOW) + 1_000_000n }),
      await signed(2),
    );
    expect(outcomes).toEqual([
      'delivered',
      'envelope-signature',
      'expired',
      'not-an-envelope',
      'source-missing',
      'destination-missing',
      'implausible',
      'delivered',
    ]);
    expect(calls.map(({ envelopes }) => envelopes.length)).toEqual([2]);
  });

  it.each([
    ['stored', 'stored'],
    ['repeat', 'stored'],
    ['held', 'stored'],
    ['offline', 'offline'],
    ['full', 'mailbox-full'],
    ['version', 'relay-version'],
    ['dies', 'undelivered'],
  ] as const)('answers the verdict %s with %s', async (verdict, outcome) => {
    const { bring } = rig({ verdict });
    expect(await bring(await signed(2), await signed(3))).toEqual([outcome, outcome]);
  });

  it('gives a verdict for each envelope of a twin, and 503 for one without', async () => {
    const { bring } = rig({ deliver: async () => ['sent', 'offline'] });
    expect(await bring(await signed(2), await signed(2), await signed(2))).toEqual([
      'delivered',
      'offline',
      'undelivered',
    ]);
  });

  it('stores only what may be stored, by the flag of each envelope', async () => {
    const { take, calls } = rig();
    const [one, two] = [await signed(2), await signed(2, { tags: 'fail-fast' })].map(encodeEnvelope);
    const batch = [
      { bytes: one ?? new Uint8Array(0), mayStore: false },
      { bytes: one ?? new Uint8Array(0), mayStore: true },
      { bytes: two ?? new Uint8Array(0), mayStore: true },
    ];
    const taken = await take(encodeRelayBatch(batch), { 'rmb-if-away': 'return' });
    expect(calls[0]?.envelopes.map(({ ifAway, isUrgent }) => [ifAway, isUrgent])).toEqual([
      ['return', true],
      ['store', true],
      ['return', true],
    ]);
    expect('code' in taken ? taken.code : taken.map(({ outcome }) => BATCH_OUTCOMES.includes(outcome))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('does not deliver again what it accepted a moment ago', async () => {
    const { bring, calls } = rig();
    const sent = await signed(2);
    expect(await bring(sent, await signed(2))).toEqual(['delivered', 'delivered']);
    expect(await bring(await signed(2), sent)).toEqual(['delivered', 'stored']);
    expect(calls.map(({ envelopes }) => envelopes.length)).toEqual([2, 1]);
  });

  it('reads a changed key once, for all envelopes of the batch', async () => {
    let reads = 0;
    const { bring } = rig({
      refresh: async (id) => {
        reads += 1;
        return reads === 1 ? twin(id, newKey) : 'recent';
      },
    });
    const sent = await Promise.all([2, 2, 3].map((to) => signed(to, {}, newKey)));
    expect([await bring(...sent), reads]).toEqual([['delivered', 'delivered', 'delivered'], 1]);
  });

  it('counts each envelope in the budget of its source', async () => {
    let left = 2;
    const { bring } = rig({ spend: () => left-- > 0 });
    expect(await bring(await signed(2), await signed(2), await signed(2))).toEqual([
      'delivered',
      'delivered',
      'budget-spent',
    ]);
  });

  it('refuses a batch as a whole that is malformed, too large, or its own', async () => {
    const { take, bring, calls } = rig();
    const good = encodeRelayBatch([{ bytes: encodeEnvelope(await signed(2)), mayStore: true }]);
    const code = async (body: Uint8Array, headers = {}) => {
      const taken = await take(body, headers);
      return 'code' in taken ? taken.code : taken.length;
    };
    expect(await code(good.subarray(0, good.length - 1))).toBe('not-a-batch');
    expect(await code(Uint8Array.from([...good, 0]))).toBe('not-a-batch');
    expect(await code(new Uint8Array(0))).toBe('not-a-batch');
    expect(await code(encodeEnvelope(await signed(2)))).toBe('not-a-batch');
    expect(await code(new Uint8Array(MOST_BATCH_BYTES + 1))).toBe('too-large');
    expect(await code(good, { 'rmb-via': 'relay.example' })).toBe('loop');
    expect(calls).toEqual([]);
    expect(await bring(await signed(2))).toEqual(['delivered']);
  });
});
