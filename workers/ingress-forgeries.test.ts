import { expect, it } from 'vitest';
import type { Verdict } from '../durable-objects/contract.ts';
import { type Envelope, encodeEnvelope } from '../proto/envelope.ts';
import { type Identity, identityOf } from '../proto/identity.ts';
import { addSeal } from '../proto/seal/seal.ts';
import { signEnvelope } from '../proto/signature.ts';
import { request } from '../test/rig/envelopes.ts';
import { smallSettings } from '../test/rig/settings.ts';
import { takeIn } from './federation-ingress.ts';

/** What conformance cannot tell from a relay without these rules: one that takes it, as the Rust relay does. */

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

/** Brings an envelope: the code of its refusal, or how often it was delivered. */
async function bring(envelope: Envelope, { via, known }: { via?: string; known?: boolean } = {}) {
  let delivered = 0;
  const refusal = await takeIn(
    new Request('https://relay.example/', {
      method: 'POST',
      body: new Uint8Array(encodeEnvelope(envelope)),
      headers: via === undefined ? {} : { 'rmb-via': via },
    }),
    smallSettings(),
    {
      now: () => NOW,
      lookup: async (id) => ({ found: { id, account: source.account, relay: 'relay.example', pk: null } }),
      refresh: async () => 'recent',
      spend: () => true,
      wasAnswered: () => known === true,
      answered: () => undefined,
      repeated: () => undefined,
      deliver: async (): Promise<Verdict> => {
        delivered += 1;
        return 'stored';
      },
    },
  );
  return refusal?.code ?? delivered;
}

const plain = (fields: Partial<Envelope> = {}) => request({ twin: 1 }, { twin: 2 }, fields);
const signed = (envelope: Envelope) => signEnvelope(envelope, source);

it('an envelope that its source has signed is delivered, sealed or not', async () => {
  expect(await bring(await signed(plain()))).toBe(1);
  expect(await bring(await signed(sealed(plain())))).toBe(1);
});

it('an envelope that its source has not signed is refused', async () => {
  expect(await bring(plain())).toBe('envelope-signature');
  expect(await bring(await signEnvelope(plain(), other))).toBe('envelope-signature');
});

it('a sealed request that was split anew is refused', async () => {
  const { uid, tags, ...rest } = await signed(sealed(plain()));
  expect(await bring({ ...rest, uid: uid.slice(0, -1), tags: `${uid.slice(-1)}${tags}` })).toBe('seal');
});

it('a signed envelope with what no honest sender writes is refused', async () => {
  expect(await bring(await signed(plain({ timestamp: BigInt(NOW + 3600) })))).toBe('implausible');
  expect(await bring(await signed(plain({ expiration: 2n ** 62n })))).toBe('implausible');
});

it('an envelope whose time is over is refused', async () => {
  expect(await bring(await signed(plain({ timestamp: BigInt(NOW - 100), expiration: 60n })))).toBe('expired');
});

it('an envelope that was taken a moment ago is not delivered again', async () => {
  expect(await bring(await signed(plain()), { known: true })).toBe(0);
});

it('an envelope that this relay has sent itself is a loop', async () => {
  expect(await bring(await signed(plain()), { via: 'relay.example' })).toBe('loop');
});
