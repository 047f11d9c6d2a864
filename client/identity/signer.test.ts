import { describe, expect, it } from 'vitest';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import type { Identity } from '../../proto/identity.ts';
import { identityOfMemoryTwin, startMemoryBus } from '../../test/rig/clients/memory-bus.ts';
import { openConnection } from '../connect.ts';
import { RmbError } from '../errors.ts';
import { keysOfSigner, type Signer } from './signer.ts';

/** The keys of a twin in memory as a signer: signatures without their type byte. */
function signerOf({ account, keyType, sign, e2ePublicKey, sharedKey }: Identity): Signer {
  return {
    account,
    keyType,
    e2ePublicKey,
    sign: async (message) => (await sign(message)).subarray(1),
    sharedKey: async (publicKey) => sharedKey(publicKey),
  };
}

/** Connects a signer of twin 1 beside twin 2, which encrypts if both have a key on chain. */
async function pair(change: (signer: Signer) => Signer, isKeyOnChain = true) {
  const { relay, source } = await startMemoryBus();
  const twins = {
    ...source,
    twin: async (id: number) => {
      const twin = await source.twin(id);
      return twin === undefined || isKeyOnChain || id !== 1 ? twin : { ...twin, pk: null };
    },
  };
  const host = { dial: relay.dial, primitives: PORTABLE };
  const place = { twins, relays: ['ws://relay'] };
  const service = await openConnection({ ...place, identity: await identityOfMemoryTwin(2), sid: 'service' }, host);
  const signer = change(signerOf(await identityOfMemoryTwin(1)));
  return { service, caller: await openConnection({ ...place, signer, sid: 'signer' }, host), relay };
}

const signsOnly = ({ e2ePublicKey: _, sharedKey: __, ...signer }: Signer): Signer => signer;
const failureOf = async (work: Promise<unknown>) => {
  const error = await work.catch((thrown: unknown) => thrown);
  if (error instanceof RmbError) return error;
  throw new Error('it succeeded');
};

describe('a twin with a signer', () => {
  it('speaks encrypted when the signer shares keys', async () => {
    const { service, caller, relay } = await pair((signer) => signer);
    expect((await caller.ping('2:service')).source).toBe('2:service');
    const kinds = relay.sockets.flatMap(({ envelopes }) => envelopes.map(({ payload }) => payload?.kind));
    expect(kinds.filter((kind) => kind !== undefined)).toEqual(['cipher', 'cipher']);
    await Promise.all([caller.close(), service.close()]);
  });

  it('speaks in plain text when the signer only signs, and its twin has no key on chain', async () => {
    const { service, caller, relay } = await pair(signsOnly, false);
    expect((await caller.ping('2:service')).source).toBe('2:service');
    expect((await service.ping('1:signer')).source).toBe('1:signer');
    const kinds = relay.sockets.flatMap(({ envelopes }) => envelopes.map(({ payload }) => payload?.kind));
    expect(kinds).not.toContain('cipher');
    await Promise.all([caller.close(), service.close()]);
  });

  it('tells both sides at once that it cannot decrypt when the signer only signs', async () => {
    const { service, caller } = await pair(signsOnly);
    expect(await failureOf(caller.ping('2:service'))).toMatchObject({ code: 'no-shared-key', twin: 2 });
    const pong = await service.ping('1:signer');
    expect(pong.error).toEqual({ code: 106, message: 'e2e error: the signer of the receiving session cannot decrypt' });
    await Promise.all([caller.close(), service.close()]);
  });
});

describe('a signer is refused that', () => {
  const wrapped = (message: Uint8Array) =>
    new TextEncoder().encode(`<Bytes>${new TextDecoder().decode(message)}</Bytes>`);
  it.each<[string, (signer: Signer) => Signer, RegExp]>([
    ['wraps messages', (s) => ({ ...s, sign: (message) => s.sign(wrapped(message)) }), /without a prefix or <Bytes>/],
    ['has another account', (s) => ({ ...s, account: new Uint8Array(32).fill(1) }), /does not fit its account/],
    ['has another key type', (s) => ({ ...s, keyType: 'sr25519' }), /its sr25519 signature/],
    ['has a short account', (s) => ({ ...s, account: new Uint8Array(31) }), /31 bytes, expected 32/],
    ['does not sign', (s) => ({ ...s, sign: () => Promise.reject(new Error('declined')) }), /did not sign: declined/],
    [
      'shares keys without naming its own',
      (s) => ({ ...s, e2ePublicKey: undefined }),
      /both e2ePublicKey and sharedKey/,
    ],
  ])('%s', async (_, change, text) => {
    const error = await failureOf(keysOfSigner(change(signerOf(await identityOfMemoryTwin(1))), PORTABLE));
    expect([error.code, error.message]).toEqual(['identity', expect.stringMatching(text)]);
  });
});
