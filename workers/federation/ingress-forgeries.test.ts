import { expect, it } from 'vitest';
import type { Verdict } from '../../durable-objects/contract.ts';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { type Identity, identityOf } from '../../proto/identity.ts';
import { addSeal } from '../../proto/seal/seal.ts';
import { request } from '../../test/rig/envelopes/envelopes.ts';
import { smallSettings } from '../../test/rig/relay/settings.ts';
import { takeIn } from './federation-ingress.ts';

/** Rules that conformance does not test, because the Rust relay does not have them. */

const NOW = Math.floor(Date.now() / 1000);

async function identity(digit: string): Promise<Identity> {
  const made = await identityOf(`0x${digit.repeat(64)}`, 'ed25519');
  if (!made.ok) throw new Error(made.error.reason);
  return made.value;
}
const [source, other] = await Promise.all([identity('1'), identity('2')]);

function sealed(envelope: Envelope): Envelope {
  const made = addSeal(envelope);
  if (!made.ok) throw new Error(made.error.reason);
  return made.value;
}

/** Sends an envelope to the ingress. Returns the code of its refusal, or how often it was delivered. */
async function bring(envelope: Envelope, { via, known }: { via?: string; known?: boolean } = {}) {
  let delivered = 0;
  const taken = await takeIn(
    new Request('https://relay.example/', {
      method: 'POST',
      body: new Uint8Array(encodeEnvelope(envelope)),
      headers: via === undefined ? {} : { 'rmb-via': via },
    }),
    smallSettings(),
    {
      now: () => NOW,
      verify: PORTABLE.verify,
      lookup: async (id) => ({ found: { id, account: source.account, relay: 'relay.example', pk: null } }),
      refresh: async () => 'recent',
      spend: () => true,
      wasAccepted: () => known === true,
      accepted: () => undefined,
      keptHere: () => undefined,
      failed: () => 'other',
      count: () => undefined,
      deliver: async (): Promise<readonly Verdict[]> => {
        delivered += 1;
        return ['stored'];
      },
    },
  );
  return 'refusal' in taken ? taken.refusal.code : delivered;
}

const plain = (fields: Partial<Envelope> = {}) => request({ twin: 1 }, { twin: 2 }, fields);
const signed = (envelope: Envelope) => signEnvelope(envelope, source);

it('an envelope with the signature of its source is delivered, sealed or not', async () => {
  expect(await bring(await signed(plain()))).toBe(1);
  expect(await bring(await signed(sealed(plain())))).toBe(1);
});

it('an envelope without the signature of its source is refused', async () => {
  expect(await bring(plain())).toBe('envelope-signature');
  expect(await bring(await signEnvelope(plain(), other))).toBe('envelope-signature');
});

it('a sealed request with fields that were split again is refused', async () => {
  const { uid, tags, ...rest } = await signed(sealed(plain()));
  expect(await bring({ ...rest, uid: uid.slice(0, -1), tags: `${uid.slice(-1)}${tags}` })).toBe('seal');
});

it('an implausible envelope is refused, although it is signed', async () => {
  expect(await bring(await signed(plain({ timestamp: BigInt(NOW + 3600) })))).toBe('implausible');
  expect(await bring(await signed(plain({ expiration: 2n ** 62n })))).toBe('implausible');
});

it('an expired envelope is refused', async () => {
  expect(await bring(await signed(plain({ timestamp: BigInt(NOW - 100), expiration: 60n })))).toBe('expired');
});

it('an envelope that was accepted a moment ago is not delivered again', async () => {
  expect(await bring(await signed(plain()), { known: true })).toBe(0);
});

it('an envelope that this relay sent itself is refused as a loop', async () => {
  expect(await bring(await signed(plain()), { via: 'relay.example' })).toBe('loop');
});
