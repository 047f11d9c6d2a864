import { describe, expect, it } from 'vitest';
import { signEnvelope } from '../proto/crypto/signature.ts';
import type { Envelope } from '../proto/envelope/envelope.ts';
import { identityOf } from '../proto/identity.ts';
import { nodePrimitives } from './crypto/node-primitives.ts';
import { EndToEnd } from './seal.ts';

const NOW = 1_800_000_000;
const REFUSED = { ok: false, error: { reason: 'broken-key', twin: 6 } };

/** A twin that talks to twin 6, whose key on chain is no key. */
async function rig(isKeyOnChain = true) {
  const identity = await identityOf(`0x${'01'.repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  const six = {
    id: 6,
    account: identity.value.account,
    relay: null,
    key: { kind: 'broken' as const, bytes: new Uint8Array(33) },
  };
  const endToEnd = new EndToEnd({
    identity: identity.value,
    twins: { get: async () => six, refresh: async () => six },
    primitives: nodePrimitives(),
    isKeyOnChain: async () => isKeyOnChain,
  });
  const envelope = (content: Envelope['content']): Envelope => ({
    uid: 'u',
    timestamp: BigInt(NOW),
    expiration: 60n,
    content,
    payload: { kind: 'plain', bytes: new Uint8Array([1]) },
    relays: [],
  });
  const open = async (content: Envelope['content']) =>
    endToEnd.open(await signEnvelope(envelope(content), identity.value), 6, NOW);
  return { open, seal: (content: Envelope['content']) => endToEnd.seal(envelope(content), six) };
}

describe('a twin whose key on chain is broken', () => {
  it('gets no request and no response', async () => {
    const { seal } = await rig();
    expect(await seal({ kind: 'request', command: 'x' })).toEqual(REFUSED);
    expect(await seal({ kind: 'response' })).toEqual(REFUSED);
  });

  it('gets errors, signed and without a payload', async () => {
    const sealed = await (await rig()).seal({ kind: 'error', code: 105, message: 'm' });
    expect(sealed).toMatchObject({ ok: true, value: { content: { code: 105 }, signature: expect.anything() } });
    expect(sealed.ok && sealed.value.payload).toBeUndefined();
  });

  it('may reply, but not ask', async () => {
    const { open } = await rig();
    expect(await open({ kind: 'request', command: 'x' })).toEqual(REFUSED);
    expect(await open({ kind: 'response' })).toMatchObject({
      ok: true,
      value: { data: new Uint8Array([1]) },
    });
  });

  it('gets plain text from a twin that has no key on chain', async () => {
    const { open, seal } = await rig(false);
    expect(await open({ kind: 'request', command: 'x' })).toMatchObject({ ok: true });
    expect(await seal({ kind: 'response' })).toMatchObject({ ok: true, value: { payload: { kind: 'plain' } } });
  });
});
