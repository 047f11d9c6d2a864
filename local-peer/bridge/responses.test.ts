import { describe, expect, it } from 'vitest';
import { nodePrimitives } from '../../client/crypto/node-primitives.ts';
import type { CustodyEnd, Handover } from '../../client/ports.ts';
import { EndToEnd } from '../../client/seal.ts';
import { handed } from '../../client/sending/handover.ts';
import { Sending } from '../../client/sending/sending.ts';
import { Replying } from '../../client/serving/replying.ts';
import { SentReplies } from '../../client/serving/sent-replies.ts';
import { Clock } from '../../client/session/clock.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { identityOf } from '../../proto/identity.ts';
import { Receipts } from './custody/receipts.ts';
import { Responses } from './responses.ts';

const NOW = Date.parse('2026-11-25T12:00:00.000Z');
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const outOfReach = new Error('the chain is out of reach');

/** What happens to one response. */
interface Course {
  /** Looks-up of its twin that fail first. */
  readonly failures?: number;
  /** Seconds that are left of its life. */
  readonly exp?: number;
  readonly pause?: () => Promise<boolean>;
  readonly handover?: Handover;
  /** Bytes that a crash has left. */
  readonly sealed?: Uint8Array;
  readonly keep?: () => Promise<void>;
}

/** Carries one response up. */
async function respond({ failures = 0, exp = 60, handover = handed('relay'), sealed, ...course }: Course) {
  const { pause = async () => true, keep = async () => undefined } = course;
  const identity = await identityOf(`0x${'01'.repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  const receiver = { id: 6, account: identity.value.account, relay: null, key: { kind: 'absent' as const } };
  const happened: string[] = [];
  const left: Uint8Array[] = [];
  const kept: Uint8Array[] = [];
  let failing = failures;
  const get = async () => {
    failing -= 1;
    if (failing >= 0) throw outOfReach;
    return receiver;
  };
  const twins = { get, refresh: get };
  const uplink = {
    send: async (bytes: Uint8Array) => {
      happened.push('sent');
      left.push(bytes);
      return handover;
    },
  };
  const clock = new Clock(
    () => NOW,
    () => undefined,
  );
  const endToEnd = new EndToEnd({
    identity: identity.value,
    twins,
    primitives: nodePrimitives(),
    isKeyOnChain: async () => false,
  });
  const sending = new Sending({ endToEnd, twins, uplink });
  const replying = new Replying({ own: { twin: 2 }, sending, replies: new SentReplies(), clock, log: silent });
  const receipts = new Receipts(() => undefined);
  const count = (event: string) => void happened.push(event);
  const responses = new Responses(2, { replying, receipts, clock, log: silent, count, pause });
  const now = NOW / 1000 - (1800 - exp);
  const responding = responses.response(
    { ref: 'r', data: new Uint8Array(1), destination: { twin: 6 }, schema: null, now, error: null, part: undefined },
    {
      claimedAt: NOW / 1000,
      sealed,
      keep: async (bytes) => {
        await keep();
        kept.push(bytes);
        happened.push('kept');
      },
      end: async () => void happened.push('ended'),
    },
  );
  const done = async () => {
    await responding;
    await receipts.done();
    return happened;
  };
  return { happened, left, kept, responding, done };
}

/** A reply of twin 2 that a crash has left. @param age seconds */
const keptReply = (age: number) =>
  encodeEnvelope({
    uid: 'r',
    timestamp: BigInt(NOW / 1000 - age),
    expiration: 60n,
    source: { twin: 2 },
    destination: { twin: 6 },
    content: { kind: 'response' },
    relays: [],
  });

describe('a response whose receiver cannot be looked up', () => {
  it('is tried again until it can', async () => {
    const { done } = await respond({ failures: 3 });
    expect(await done()).toEqual(['kept', 'sent', 'response-sent', 'ended']);
  });

  it('fails when its time is over', async () => {
    const { done } = await respond({ failures: 9, exp: 1 });
    expect(await done()).toEqual(['response-failed', 'ended']);
  });

  it('stays in Redis when the peer stops', async () => {
    const { done } = await respond({ failures: 9, pause: async () => false });
    expect(await done()).toEqual([]);
  });
});

describe('a response in this peer’s custody', () => {
  it('leaves only when Redis has its bytes', async () => {
    const gate = Promise.withResolvers<void>();
    const { happened, done, left, kept } = await respond({ keep: () => gate.promise });
    await new Promise((resolve) => setImmediate(resolve));
    expect(happened).toEqual([]);
    gate.resolve();
    expect(await done()).toEqual(['kept', 'sent', 'response-sent', 'ended']);
    expect(kept).toEqual(left);
  });

  it('stays in Redis until its receipt, and is in work no longer', async () => {
    const custody = Promise.withResolvers<CustodyEnd>();
    const { happened, responding, done } = await respond({ handover: { sent: 'sent', custody: custody.promise } });
    await responding;
    await new Promise((resolve) => setImmediate(resolve));
    expect(happened).toEqual(['kept', 'sent', 'response-sent']);
    custody.resolve({ outcome: 'delivered', relay: 'relay' });
    expect(await done()).toEqual(['kept', 'sent', 'response-sent', 'ended']);
  });

  it.each([
    ['stored', ['ended']],
    ['offline', ['response-failed', 'ended']],
    ['late', ['response-failed', 'ended']],
    ['closed', []],
  ] as const)('and whose custody ends with %s', async (outcome, follows) => {
    const custody = Promise.resolve({ outcome, relay: undefined });
    const { done } = await respond({ handover: { sent: 'sent', custody } });
    expect((await done()).slice(3)).toEqual(follows);
  });
});

describe('a response that a crash has left sealed', () => {
  it('is sent again, with the same bytes', async () => {
    const sealed = keptReply(59);
    const { done, left, kept } = await respond({ sealed });
    expect(await done()).toEqual(['sent', 'response-sent', 'ended']);
    expect([left, kept]).toEqual([[sealed], []]);
  });

  it('fails when its time is over', async () => {
    const { done } = await respond({ sealed: keptReply(60) });
    expect(await done()).toEqual(['response-failed', 'ended']);
  });

  it('is sealed again when its bytes are none', async () => {
    const { done } = await respond({ sealed: new Uint8Array([9]) });
    expect(await done()).toEqual(['kept', 'sent', 'response-sent', 'ended']);
  });
});
