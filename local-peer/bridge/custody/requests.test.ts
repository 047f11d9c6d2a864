import { describe, expect, it } from 'vitest';
import { nodePrimitives } from '../../../client/crypto/node-primitives.ts';
import type { CustodyEnd } from '../../../client/ports.ts';
import { EndToEnd } from '../../../client/seal.ts';
import { Sending } from '../../../client/sending/sending.ts';
import { Clock } from '../../../client/session/clock.ts';
import { identityOf } from '../../../proto/identity.ts';
import { Awaited } from '../awaited.ts';
import type { ReplyEntry } from '../messages.ts';
import type { HeldRequest } from '../ports.ts';
import { Requests } from '../requests.ts';
import { Receipts } from './receipts.ts';

const nothing = () => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const settled = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Sends one request of twin 1 to twin 5.
 * @param pause the wait for a relay's error
 * @param isTold resolves when Redis has taken an error
 */
async function sent(pause: () => Promise<boolean> = async () => true, isTold: Promise<void> = Promise.resolve()) {
  const identity = await identityOf(`0x${'01'.repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error('bad seed');
  const five = { id: 5, account: identity.value.account, relay: null, key: { kind: 'absent' as const } };
  const twins = { get: async () => five, refresh: async () => five };
  const custody = Promise.withResolvers<CustodyEnd>();
  const [told, steps, ends]: [ReplyEntry[], string[], string[]] = [[], [], []];
  const awaited = new Awaited(nothing);
  const receipts = new Receipts(nothing);
  const held: HeldRequest = {
    uid: 'uid',
    size: 1,
    claimedAt: 1_000,
    settled: new Set(),
    note: async () => undefined,
    end: async () => void ends.push('ended'),
    settle: async (_place, _total, what) => {
      await isTold;
      ends.push('settled');
      if (what !== undefined) told.push(what.entry);
    },
    reply: async (_place, _total, { entry }) => told.push(entry) > 0,
  };
  const endToEnd = new EndToEnd({
    identity: identity.value,
    twins,
    primitives: nodePrimitives(),
    isKeyOnChain: async () => false,
  });
  const uplink = { send: async () => ({ sent: 'sent' as const, custody: custody.promise }) };
  const requests = new Requests(1, {
    sending: new Sending({ endToEnd, twins, uplink }),
    awaited,
    receipts,
    following: { accepted: nothing, step: (_, { name, relay = '' }) => void steps.push(`${name} ${relay}`.trim()) },
    programs: { deliverReply: async ({ entry }) => told.push(entry) > 0, findQuestion: async () => undefined },
    credits: { replied: nothing },
    signal: nothing,
    isOurs: () => false,
    resumed: Promise.resolve(),
    clock: new Clock(() => 1_000_000, nothing),
    plugins: [],
    log: silent,
    count: nothing,
    pause,
  });
  const rest = { ref: 'r', data: new Uint8Array(1), tags: null, replyTo: 'q', schema: null, isStream: false };
  await requests.request({ ...rest, command: 'x.y', expiration: 60, destinations: [5], now: 0 }, held);
  const end = (outcome: CustodyEnd['outcome']) => custody.resolve({ outcome, relay: 'relay.example' });
  const errors = () => told.map(({ error }) => error?.message);
  /** A late reply of twin 5 comes. */
  const reply = async () => {
    const question = { command: 'x.y', replyTo: 'q', ref: 'r', asked: [5], seconds: 60, seals: new Map() };
    const content = { kind: 'response' as const };
    const envelope = { uid: 'uid', timestamp: 1_000n, expiration: 60n, source: { twin: 5 }, content, relays: [] };
    const checked = { envelope, data: new Uint8Array(0), fingerprint: 'f', times: 1, of: 5 };
    return await requests.give(question, checked);
  };
  return { awaited, receipts, steps, ends, errors, end, reply };
}

describe('a request whose custody ends', () => {
  it('stays in Redis until its reply when others have it, and is not sent again after a stop', async () => {
    const { awaited, receipts, steps, ends, end } = await sent();
    await awaited.leave(true);
    expect([steps, ends]).toEqual([['sent'], []]);
    end('stored');
    await receipts.done();
    expect([steps, ends]).toEqual([['sent', 'stored relay.example'], []]);
    await awaited.leave(false);
    expect(ends).toEqual(['settled']);
  });

  it('stays for the next start when the client was closed before', async () => {
    const { awaited, receipts, ends, end } = await sent();
    end('closed');
    await receipts.done();
    await awaited.leave(true);
    expect(ends).toEqual([]);
  });

  it('fails when no relay gave a receipt in its time', async () => {
    const { receipts, steps, ends, errors, end } = await sent();
    end('late');
    await receipts.done();
    expect(errors()).toEqual(['request has expired: no relay confirmed it in time']);
    expect([steps, ends]).toEqual([['sent', 'failed'], ['settled']]);
  });

  it('has no reply after that error, also while Redis is slow to take it', async () => {
    const told = Promise.withResolvers<void>();
    const { awaited, receipts, errors, end, reply } = await sent(async () => true, told.promise);
    end('late');
    await settled();
    expect(await reply()).toBe(false);
    told.resolve();
    await receipts.done();
    expect(await reply()).toBe(false);
    expect(errors()).toEqual(['request has expired: no relay confirmed it in time']);
    awaited.sweep(performance.now() + 120_000);
    expect(awaited.hasFailed('uid', 5)).toBe(false);
  });

  it('fails when a relay refused it, and its error did not come', async () => {
    const { receipts, errors, end } = await sent();
    end('offline');
    await receipts.done();
    expect(errors()).toEqual(['relay relay.example refused the request: destination offline']);
  });

  it('fails once when the error of its relay came meanwhile', async () => {
    const waited = Promise.withResolvers<boolean>();
    const { awaited, receipts, errors, end } = await sent(() => waited.promise);
    end('offline');
    await settled();
    expect(errors()).toEqual([]);
    await awaited.settle('uid', 5);
    waited.resolve(true);
    await receipts.done();
    expect(errors()).toEqual([]);
  });

  it('stays for the next start when the peer stops before that error', async () => {
    const { receipts, ends, end } = await sent(async () => false);
    end('offline');
    await receipts.done();
    expect(ends).toEqual([]);
  });
});
