import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import type { Outcome } from '../../proto/custody/outcome.ts';
import { decodeEnvelope, type Envelope } from '../../proto/envelope/envelope.ts';
import { identityOf } from '../../proto/identity.ts';
import { type Reason, reasonText } from '../../proto/reasons.ts';
import type { CheckedReply } from '../ask.ts';
import type { PeerFault } from '../errors.ts';
import type { Handover, Sent } from '../ports.ts';
import { EndToEnd } from '../seal.ts';
import { handoverOf } from '../sending/handover.ts';
import { Sending } from '../sending/sending.ts';
import { Clock } from '../session/clock.ts';
import { AGAIN_MS, Calls } from './calls.ts';

const NOW = 1_800_000_000;

/** Calls of twin 1 to twin 5, and the envelopes that left. */
async function rig(outcome: Sent | PeerFault | Handover = 'sent', isFull = () => false) {
  const identity = await identityOf(`0x${'01'.repeat(32)}`, 'ed25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  const five = { id: 5, account: identity.value.account, relay: null, key: { kind: 'absent' as const } };
  const get = async (id: number) => (id === 5 ? five : undefined);
  const twins = { get, refresh: get };
  const clock = new Clock(
    () => NOW * 1000,
    () => undefined,
  );
  const left: Envelope[] = [];
  const departure = Promise.withResolvers<Envelope>();
  const uplink = {
    send: async (bytes: Uint8Array) => {
      const decoded = decodeEnvelope(bytes);
      if (!decoded.ok) throw new Error(decoded.error.detail);
      left.push(decoded.value);
      departure.resolve(decoded.value);
      return typeof outcome === 'string' ? handoverOf(outcome) : outcome;
    },
  };
  const endToEnd = new EndToEnd({
    identity: identity.value,
    twins,
    primitives: PORTABLE,
    isKeyOnChain: async () => false,
  });
  const calls = new Calls({
    own: { twin: 1, connection: 'me' },
    sending: new Sending({ endToEnd, twins, uplink }),
    clock,
    place: 'ws://chain',
    isOurs: () => false,
    isFull,
    misplaced: async () => 'twin 1 has no relay on chain',
  });
  type Changes = {
    twin?: number;
    timeout?: number;
    failFast?: boolean;
    offlineAfter?: number;
    signal?: AbortSignal;
  };
  const call = ({ twin = 5, timeout = 60_000, failFast = false, offlineAfter = 0, signal }: Changes = {}) => {
    const payload = { data: new Uint8Array([1]), schema: 'text/plain' };
    return calls.call({ to: { twin }, command: 'x.y', ...payload, timeout, failFast, offlineAfter, signal });
  };
  /** Gives the call that left a reply. */
  const give = async (content: Envelope['content'], source = 5) => {
    const { uid } = await departure.promise;
    const request = await calls.find(uid);
    if (request === undefined) throw new Error('no call waits');
    const envelope = { uid, timestamp: 0n, expiration: 0n, source: { twin: source }, content, relays: [] };
    const reply: CheckedReply = { envelope, data: new Uint8Array([2]), fingerprint: 'f', times: 1, of: source };
    await calls.give(request, reply);
  };
  return { calls, call, give, left, departure: departure.promise };
}

const OFFLINE: Envelope['content'] = { kind: 'error', code: 0, message: 'destination offline' };

/** Lets a test decide how time passes. */
function withFakeTime(): (ms: number) => Promise<unknown> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  return (ms) => vi.advanceTimersByTimeAsync(ms);
}

describe('a call', () => {
  it('leaves as one envelope, and resolves with its response', async () => {
    const { call, give, left } = await rig();
    const response = call({ failFast: true });
    await give({ kind: 'response' });
    expect(await response).toEqual({ source: '5', data: new Uint8Array([2]), schema: undefined });
    expect(left).toMatchObject([
      { source: { twin: 1, connection: 'me' }, destination: { twin: 5 }, schema: 'text/plain', expiration: 61n },
    ]);
    expect(left[0]?.tags).toMatch(/^fail-fast,/);
  });

  it('fails with the error that the twin signed', async () => {
    const { call, give } = await rig();
    const failing = expect(call()).rejects.toMatchObject({
      code: 'answered-error',
      twin: 5,
      reply: { source: '5', code: 7, message: 'no' },
    });
    await give({ kind: 'error', code: 7, message: 'no' });
    await failing;
  });

  it.each([
    ['destination offline', 'offline'],
    ['unknown twin id', 'unknown-twin'],
    ['rate limit exceeded', 'relay'],
  ])('fails with what the relay reports: %s', async (message, code) => {
    const { call, give } = await rig();
    const failing = expect(call()).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    await give({ kind: 'error', code: 0, message }, 0);
    await failing;
  });

  it('fails when no reply comes in time, and says what else is wrong', async () => {
    const { call } = await rig();
    await expect(call({ timeout: 20 })).rejects.toMatchObject({
      code: 'no-answer',
      message: expect.stringMatching(/^no answer from twin 5 within 0.02 s: .*Besides, twin 1 has no relay on chain$/),
    });
  });

  it.each<[Outcome, string]>([
    ['stored', 'the twin was offline. Its relay keeps the request for it'],
    ['delivered', 'peer has the request. The twin may not serve'],
  ])('says who has the request after the receipt %s', async (outcome, text) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { call, departure } = await rig({ sent: 'sent', custody: Promise.resolve({ outcome, relay: 'relay' }) });
    const message = expect.stringContaining(text);
    const failing = expect(call({ timeout: 20_000 })).rejects.toMatchObject({ code: 'no-answer', message });
    await departure;
    await vi.advanceTimersByTimeAsync(20_000);
    await failing;
  });

  it('says that this client keeps no more, when no relay took the request because of that', async () => {
    const { call } = await rig('late', () => true);
    await expect(call()).rejects.toMatchObject({
      code: 'relay',
      message: expect.stringContaining('this client has as many messages without a receipt of a relay as it keeps'),
    });
  });

  it('fails as unverified when only a refused reply came', async () => {
    const { calls, call, departure } = await rig();
    const failing = expect(call({ timeout: 50 })).rejects.toMatchObject({
      code: 'unverified',
      message: expect.stringContaining('the signature is wrong'),
    });
    const request = await calls.find((await departure).uid);
    if (request !== undefined) calls.refused(request, 'the signature is wrong');
    await failing;
  });

  it('fails when the twin is not on chain, and names the place', async () => {
    const { call } = await rig();
    const message = 'the chain knows no twin 9: TfgridModule.Twins at ws://chain has nothing under 9';
    await expect(call({ twin: 9 })).rejects.toMatchObject({ code: 'unknown-twin', twin: 9, message });
  });

  it('fails when the relay refuses its size, before or after it was sent', async () => {
    const { call } = await rig({ reason: 'payload', detail: 'too large' });
    await expect(call()).rejects.toMatchObject({ code: 'too-large' });
    const later = await rig();
    const failing = expect(later.call()).rejects.toMatchObject({ code: 'too-large' });
    const { uid } = await later.departure;
    await later.calls.tooLarge({ uid, destination: { twin: 5 }, isRequest: true, size: 9 }, 8);
    await failing;
  });

  it('fails when it is aborted, before it is sent and while it waits', async () => {
    const { call, left, departure } = await rig();
    await expect(call({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    expect(left).toEqual([]);
    const stop = new AbortController();
    const failing = expect(call({ signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
    await departure;
    stop.abort();
    await failing;
  });

  it('fails when the bus is closed', async () => {
    const { calls, call, departure } = await rig();
    const failing = expect(call()).rejects.toMatchObject({ code: 'closed' });
    await departure;
    calls.close();
    await failing;
  });
});

describe('a call of a twin that the relay calls offline', () => {
  it('sends the same envelope again until the twin is back', async () => {
    const pass = withFakeTime();
    const { call, give, left } = await rig();
    const response = call({ failFast: true, offlineAfter: 5_000 });
    await give(OFFLINE, 0);
    await pass(AGAIN_MS);
    await give(OFFLINE, 0);
    await pass(AGAIN_MS);
    await give({ kind: 'response' });
    expect(await response).toMatchObject({ data: new Uint8Array([2]) });
    expect(left.length).toBe(3);
    expect(left).toEqual([left[0], left[0], left[0]]);
    await pass(10 * AGAIN_MS);
    expect(left.length).toBe(3);
  });

  it('fails as offline when the relay has called the twin so for long enough', async () => {
    const pass = withFakeTime();
    const { call, give, left } = await rig();
    const failing = expect(call({ failFast: true, offlineAfter: 5_000 })).rejects.toMatchObject({ code: 'offline' });
    await give(OFFLINE, 0);
    for (let n = 0; n < 5; n += 1) {
      await pass(AGAIN_MS);
      await give(OFFLINE, 0);
    }
    await failing;
    expect(left.length).toBe(6);
  });

  it('fails as offline when its own time is over first', async () => {
    const pass = withFakeTime();
    const { call, give, departure } = await rig();
    const options = { timeout: 2_500, failFast: true, offlineAfter: 5_000 };
    const failing = expect(call(options)).rejects.toMatchObject({ code: 'offline' });
    await departure;
    await give(OFFLINE, 0);
    await pass(2_500);
    await failing;
  });

  it('sends again what a relay in the middle of an update refused', async () => {
    const pass = withFakeTime();
    const { call, give, left } = await rig();
    const response = call({ offlineAfter: 5_000 });
    await give({ kind: 'error', code: 0, message: reasonText('relay-version') }, 0);
    await pass(AGAIN_MS);
    await give({ kind: 'response' });
    await response;
    expect(left.length).toBe(2);
  });

  it.each<[Reason, string]>([
    ['rate-limited', 'relay'],
    ['no-relay', 'offline'],
    // The request may have run.
    ['undelivered', 'offline'],
  ])('fails at once when it is refused as %s', async (reason, code) => {
    withFakeTime();
    const { call, give, left } = await rig();
    const failing = expect(call({ offlineAfter: 5_000 })).rejects.toMatchObject({ code });
    await give({ kind: 'error', code: 0, message: reasonText(reason) }, 0);
    await failing;
    expect([left.length, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it('leaves no attempt behind when it is aborted', async () => {
    const pass = withFakeTime();
    const { call, give, left } = await rig();
    const stop = new AbortController();
    const failing = expect(call({ offlineAfter: 5_000, signal: stop.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    await give(OFFLINE, 0);
    stop.abort();
    await failing;
    await pass(10 * AGAIN_MS);
    expect([left.length, vi.getTimerCount()]).toEqual([1, 0]);
  });
});
