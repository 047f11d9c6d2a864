import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Envelope } from '../../../proto/envelope/envelope.ts';
import { identityOf } from '../../../proto/identity.ts';
import { goRound, tripRemedy } from './round-trip.ts';
import type { DoctorSession } from './session.ts';

const identity = await identityOf(`0x${'01'.repeat(32)}`, 'sr25519');
if (!identity.ok) throw new Error(identity.error.detail);
const now = () => Math.floor(Date.now() / 1000);
const owner = { twin: 1, identity: identity.value, now };
const { account, e2ePublicKey } = identity.value;
const parts = { owner, twin: { id: 1, account, relay: 'relay', pk: e2ePublicKey } };

// A slow machine must not look like a silent relay.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Delivers an envelope: `to` is the session that its sender did not use. */
type Carry = (envelope: Envelope, to: (envelope: Envelope) => void, back: (envelope: Envelope) => void) => void;

/** Two sessions of twin 1 at a relay in memory, which carries each envelope as it is unless told otherwise. */
function sessions(carry: Carry = (envelope, to) => to(envelope)): [DoctorSession, DoctorSession] {
  const inbox = () => {
    const came = new Map<string, PromiseWithResolvers<Envelope>>();
    return (uid: string) => {
      const known = came.get(uid) ?? Promise.withResolvers<Envelope>();
      came.set(uid, known);
      return known;
    };
  };
  const inboxes = [inbox(), inbox()] as const;
  const session = (name: string, [own, other]: readonly [(typeof inboxes)[0], (typeof inboxes)[0]]): DoctorSession => ({
    address: { twin: 1, connection: name },
    send: (envelope) => {
      const to = (each: Envelope) => other(each.uid).resolve(each);
      carry(envelope, to, (each) => own(each.uid).resolve(each));
    },
    next: (uid) => own(uid).promise,
    close: () => undefined,
  });
  const [a, b] = inboxes;
  return [session('a', [a, b]), session('b', [b, a])];
}

const isRequest = ({ content }: Envelope) => content?.kind === 'request';

describe('goRound', () => {
  it('sends an encrypted request to the other session, and an encrypted response back', async () => {
    const carried: Envelope[] = [];
    const [from, to] = sessions((envelope, deliver) => {
      carried.push(envelope);
      deliver(envelope);
    });
    expect(await goRound(from, to, parts)).toBeGreaterThanOrEqual(0);
    expect(carried).toMatchObject([
      { source: from.address, destination: to.address, content: { kind: 'request' }, payload: { kind: 'cipher' } },
      { source: to.address, destination: from.address, content: { kind: 'response' }, payload: { kind: 'cipher' } },
    ]);
    expect(carried[0]?.uid).toBe(carried[1]?.uid);
  });

  it('reports the refusal of a relay', async () => {
    const content = { kind: 'error', code: 429, message: 'rate limit exceeded' } as const;
    const [from, to] = sessions((envelope, _, back) => back({ ...envelope, content }));
    await expect(goRound(from, to, parts)).rejects.toThrow('rate limit exceeded');
  });

  it('reports a relay that sends the request back', async () => {
    const [from, to] = sessions((envelope, _, back) => back(envelope));
    await expect(goRound(from, to, parts)).rejects.toThrow('the relay brought something else');
  });

  it('gives up after three seconds at a relay that loses the request', async () => {
    const lost = Promise.withResolvers<void>();
    const [from, to] = sessions(() => lost.resolve());
    const trip = expect(goRound(from, to, parts)).rejects.toThrow('no answer within 3 s');
    await lost.promise;
    vi.advanceTimersByTime(3_000);
    await trip;
  });

  it.each(['request', 'response'])('reports a %s that the relay has changed', async (which) => {
    const [from, to] = sessions((envelope, deliver) => {
      const isTarget = isRequest(envelope) === (which === 'request');
      deliver(isTarget ? { ...envelope, timestamp: envelope.timestamp - 1n } : envelope);
    });
    await expect(goRound(from, to, parts)).rejects.toThrow(/signature|verif/);
  });

  it('refuses the response of another trip', async () => {
    let first: Envelope | undefined;
    const [from, to] = sessions((envelope, deliver) => {
      if (!isRequest(envelope)) first ??= envelope;
      deliver(envelope);
    });
    await goRound(from, to, parts);
    const [next, other] = sessions((envelope, deliver) => {
      const stale = first === undefined ? envelope : { ...first, uid: envelope.uid };
      deliver(isRequest(envelope) ? envelope : stale);
    });
    await expect(goRound(next, other, parts)).rejects.toThrow(/signature|verif/);
  });
});

describe('tripRemedy', () => {
  it.each([
    ['Rate limit exceeded', 'wait a minute'],
    ['no answer within 3 s', 'loses messages'],
    ['a wrong signature', 'tell the relay’s operator'],
  ])('has advice for “%s”', (message, next) => {
    expect(tripRemedy(new Error(message))).toEqual({ detail: message, next: expect.stringContaining(next) });
  });
});
