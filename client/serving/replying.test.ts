import { describe, expect, it } from 'vitest';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import { decodeEnvelope, type Envelope } from '../../proto/envelope/envelope.ts';
import { identityOf } from '../../proto/identity.ts';
import type { PeerFault } from '../errors.ts';
import type { CustodyEnd, Handover, Sent } from '../ports.ts';
import { EndToEnd } from '../seal.ts';
import { handoverOf } from '../sending/handover.ts';
import { Sending } from '../sending/sending.ts';
import { Clock } from '../session/clock.ts';
import { type Reply, Replying } from './replying.ts';
import { SentReplies } from './sent-replies.ts';

const NOW = 1_800_000_000;
const reply: Reply = {
  uid: 'u',
  timestamp: BigInt(NOW),
  expiration: 60n,
  destination: { twin: 5, connection: 's' },
  content: { kind: 'response' },
  payload: { kind: 'plain', bytes: new Uint8Array([1]) },
};

/** Replies of twin 2. @param outcomes of each envelope in turn; then `sent` */
async function rig(...outcomes: (Sent | Handover | PeerFault)[]) {
  const identity = await identityOf(`0x${'01'.repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  const five = { id: 5, account: identity.value.account, relay: null, key: { kind: 'absent' as const } };
  const twins = { get: async () => five, refresh: async () => five };
  const [left, warnings]: [Envelope[], string[]] = [[], []];
  const uplink = {
    send: async (bytes: Uint8Array) => {
      const decoded = decodeEnvelope(bytes);
      if (!decoded.ok) throw new Error(decoded.error.detail);
      left.push(decoded.value);
      const outcome = outcomes.shift() ?? 'sent';
      return typeof outcome === 'string' ? handoverOf(outcome) : outcome;
    },
  };
  const endToEnd = new EndToEnd({
    identity: identity.value,
    twins,
    primitives: PORTABLE,
    isKeyOnChain: async () => false,
  });
  const replying = new Replying({
    own: { twin: 2, connection: 'me' },
    sending: new Sending({ endToEnd, twins, uplink }),
    replies: new SentReplies(),
    clock: new Clock(
      () => NOW * 1000,
      () => undefined,
    ),
    log: {
      debug: () => {},
      info: () => {},
      error: () => {},
      warn: (_, message) => void warnings.push(message),
    },
  });
  return { replying, left, warnings };
}

describe('Replying', () => {
  it('sends a reply from this session', async () => {
    const { replying, left } = await rig();
    await replying.send(reply);
    expect(left).toMatchObject([{ uid: 'u', source: { twin: 2, connection: 'me' }, content: { kind: 'response' } }]);
  });

  it('sends the same bytes again when the request is repeated, and nothing for another request', async () => {
    const { replying, left } = await rig();
    await replying.send(reply);
    await replying.again('u', 5);
    await replying.again('other', 5);
    await replying.again('u', 6);
    expect(left).toHaveLength(2);
    expect(left[1]).toEqual(left[0]);
  });

  it('sends nothing again that it still has custody of: that goes again without being asked for', async () => {
    const receipt = Promise.withResolvers<CustodyEnd>();
    const { replying, left } = await rig({ sent: 'sent', custody: receipt.promise });
    await replying.send(reply);
    await replying.again('u', 5);
    expect(left).toHaveLength(1);
    receipt.resolve({ outcome: 'delivered', relay: 'relay' });
    await receipt.promise;
    await replying.again('u', 5);
    expect(left).toHaveLength(2);
  });

  it('drops a reply without a life', async () => {
    const { replying, left } = await rig();
    await replying.send({ ...reply, expiration: 0n });
    expect(left).toEqual([]);
  });

  it('sends an error in place of a reply that is too large, and logs it', async () => {
    const { replying, left, warnings } = await rig({ reason: 'payload', detail: 'too large' });
    await replying.send(reply);
    expect(left.map(({ content }) => content)).toEqual([
      { kind: 'response' },
      { kind: 'error', code: 101, message: 'invalid payload: too large' },
    ]);
    expect(left[1]?.payload).toBeUndefined();
    expect(warnings).toEqual(['failed to send a reply: invalid payload: too large']);
  });

  it('sends nothing in place of a reply that found no relay', async () => {
    const { replying, left, warnings } = await rig('late');
    await replying.send(reply);
    expect(left).toHaveLength(1);
    expect(warnings).toEqual([expect.stringContaining('no relay could be reached in time')]);
  });

  it('tells the caller of a reply that a relay refused after it was sent', async () => {
    const { replying, left } = await rig();
    await replying.tooLarge({ uid: 'u', destination: { twin: 5 }, isRequest: false, size: 9 }, 8);
    expect(left).toMatchObject([{ uid: 'u', content: { kind: 'error', code: 101 } }]);
  });
});
