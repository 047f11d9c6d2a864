import { describe, expect, it } from 'vitest';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import { decodeEnvelope, type Envelope } from '../../proto/envelope/envelope.ts';
import { identityOf } from '../../proto/identity.ts';
import type { KnownTwin } from '../directory/known-twin.ts';
import { EndToEnd } from '../seal.ts';
import { handed } from './handover.ts';
import { Sending } from './sending.ts';

const NOW = 1_800_000_000n;

/** Sends for twin 1. @param delays of the first look-up of each twin, ms */
async function rig({ twins: known, delays = {} }: { twins?: () => KnownTwin; delays?: Record<number, number> } = {}) {
  const identity = await identityOf(`0x${'01'.repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  const { account, e2ePublicKey } = identity.value;
  const plain: KnownTwin = { id: 5, account, relay: null, key: { kind: 'absent' } };
  const asked: string[] = [];
  const get = async (id: number) => {
    asked.push(`get ${id}`);
    const delay = delays[id] ?? 0;
    delays[id] = 0;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    return id === 9 ? undefined : (known?.() ?? plain);
  };
  const refresh = async (id: number) => {
    asked.push(`refresh ${id}`);
    return id === 9 ? undefined : (known?.() ?? plain);
  };
  const left: string[] = [];
  const uplink = {
    send: async (bytes: Uint8Array) => {
      const decoded = decodeEnvelope(bytes);
      if (!decoded.ok) throw new Error(decoded.error.detail);
      left.push(decoded.value.uid);
      return handed('relay');
    },
  };
  const twins = { get, refresh };
  const endToEnd = new EndToEnd({
    identity: identity.value,
    twins,
    primitives: PORTABLE,
    isKeyOnChain: async () => true,
  });
  const sending = new Sending({ endToEnd, twins, uplink });
  const send = (uid: string, to = 5, seconds = 60, changes: Partial<Envelope> = {}) =>
    sending.send(
      {
        uid,
        timestamp: NOW,
        expiration: 60n,
        source: { twin: 1 },
        destination: { twin: to },
        content: { kind: 'request', command: 'x' },
        payload: { kind: 'plain', bytes: new Uint8Array([1]) },
        relays: [],
        ...changes,
      },
      to,
      seconds,
    );
  return { sending, send, left, asked, e2ePublicKey, account };
}

describe('Sending', () => {
  it('sends to one twin in order, though the first envelope takes longer', async () => {
    const { send, left } = await rig({ delays: { 5: 20 } });
    await Promise.all(['a', 'b', 'c'].map((uid) => send(uid)));
    expect(left).toEqual(['a', 'b', 'c']);
  });

  it('lets a slow twin hold up no other', async () => {
    const { send, left } = await rig({ delays: { 5: 50 } });
    await Promise.all([send('a', 5), send('b', 6)]);
    expect(left).toEqual(['b', 'a']);
  });

  it('reports a short-lived envelope as late on its own, and never sends it', async () => {
    const { send, left } = await rig({ delays: { 5: 80 } });
    const [, late] = await Promise.all([send('a'), send('b', 5, 0.02)]);
    expect(late).toMatchObject({ ok: true, value: { sent: 'late' } });
    await send('c');
    expect(left).toEqual(['a', 'c']);
  });

  it('returns the bytes that were sent, and sends them again', async () => {
    const { sending, send, left } = await rig();
    const sent = await send('a');
    if (!sent.ok) throw new Error(sent.error.reason);
    expect(await sending.resend(sent.value.bytes, 5, 60)).toMatchObject({ sent: 'sent' });
    expect(left).toEqual(['a', 'a']);
  });

  it('asks the chain again for a twin that it does not know, and for one without a good key', async () => {
    const { send, asked } = await rig();
    expect(await send('a', 9)).toEqual({ ok: false, error: { reason: 'unknown-twin', twin: 9 } });
    await send('b', 5);
    expect(asked).toEqual(['get 9', 'refresh 9', 'get 5', 'refresh 5']);
  });

  it('refuses an envelope that a relay ends the connection for', async () => {
    const { send, left } = await rig();
    const bytes = new Uint8Array(16 * 2 ** 20);
    expect(await send('a', 5, 60, { payload: { kind: 'plain', bytes } })).toMatchObject({
      error: { reason: 'payload' },
    });
    const command = 'x'.repeat(70_000);
    expect(await send('b', 5, 60, { content: { kind: 'request', command } })).toMatchObject({
      error: { reason: 'message', detail: expect.stringContaining('relays take') },
    });
    expect(left).toEqual([]);
  });

  it('reports a twin that cannot be looked up', async () => {
    const { send } = await rig({
      twins: () => {
        throw new Error('the chain is away');
      },
    });
    expect(await send('a')).toMatchObject({
      error: { reason: 'other', detail: 'twin 5 cannot be looked up: the chain is away' },
    });
  });
});
