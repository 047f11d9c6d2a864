import { describe, expect, it } from 'vitest';
import type { BatchEnvelope, TwinLookup, Verdict } from '../../contract.ts';
import { Directory } from '../send/directory.ts';
import type { RoutedEnvelope } from '../send/routed-envelope.ts';
import { Absence } from './absence.ts';
import { attempt } from './attempt.ts';
import type { Forwarded, Stores } from './relays/forward.ts';

const envelope: RoutedEnvelope = {
  from: { twin: 1, host: 'relay.example' },
  to: { twin: 2, connection: 'x' },
  isRequest: true,
  failFast: false,
  expiresAt: 100,
  bytes: new Uint8Array(3),
};
const found = (relay: string | null): TwinLookup => ({
  found: { id: 2, account: new Uint8Array(32), relay, pk: null },
});
const elsewhere = found('a.example_b.example');

async function run(
  lookup: TwinLookup,
  {
    isRetry = false,
    verdict,
    later = verdict,
    forwarded = 'accepted',
    sent = envelope,
    wasAbsent = false,
    areEdge = true,
  }: {
    isRetry?: boolean;
    verdict?: Verdict | 'dies' | 'overloaded';
    /** The verdict of each further call. */
    later?: Verdict | 'dies' | 'overloaded' | undefined;
    forwarded?: Forwarded;
    sent?: RoutedEnvelope;
    wasAbsent?: boolean;
    areEdge?: boolean;
  },
) {
  const absence = new Absence(() => 0);
  if (wasAbsent) absence.note(sent.to);
  const stores: Stores[] = [];
  const kept: number[] = [];
  const delivered: BatchEnvelope[] = [];
  const forwardedTo: (readonly string[])[] = [];
  const attempted = await attempt(sent, isRetry, {
    directory: new Directory({ lookup: async () => lookup }, [], () => 0),
    receiver: () => ({
      deliver: async (batch) => {
        const now = delivered.length === 0 ? verdict : later;
        delivered.push(...batch);
        if (now === 'overloaded') throw Object.assign(new Error('no reason'), { overloaded: true });
        if (now === 'dies' || now === undefined) throw new Error('object reset');
        return [now];
      },
    }),
    count: () => undefined,
    absence,
    allowsPrivate: false,
    forward: async (domains, where) => {
      forwardedTo.push(domains);
      stores.push(where);
      return forwarded;
    },
    keptHere: ({ to }) => void kept.push(to.twin),
    areEdge: () => areEdge,
  });
  return { attempted, delivered, forwardedTo, isAway: absence.has(sent.to), stores, kept };
}

describe('attempt', () => {
  it('asks the relays on chain first, not this relay', async () => {
    expect(await run(elsewhere, {})).toEqual({
      attempted: { isSettled: true, reason: undefined },
      delivered: [],
      forwardedTo: [['a.example', 'b.example']],
      isAway: false,
      stores: ['there'],
      kept: [],
    });
  });

  it.each([
    ['rejected', { isSettled: true, reason: 'rejected' }],
    ['not-a-relay', { isSettled: true, reason: 'not-a-relay' }],
    ['failed', { isSettled: false }],
    ['late', { isSettled: false }],
  ] as const)('ends as the relays said: %s', async (forwarded, attempted) => {
    expect(await run(elsewhere, { forwarded })).toMatchObject({ attempted });
  });

  it('asks this relay first when it is a retry', async () => {
    const here = await run(elsewhere, { isRetry: true, verdict: 'sent' });
    expect(here).toMatchObject({
      attempted: { isSettled: true },
      forwardedTo: [],
      delivered: [{ ifAway: 'return', sid: 'x' }],
    });
    const away = await run(elsewhere, { isRetry: true, verdict: 'offline' });
    expect(away).toMatchObject({
      attempted: { isSettled: true },
      forwardedTo: [['a.example', 'b.example']],
      isAway: true,
    });
  });

  it('follows a twin that moved to this relay, or that has no relay any more', async () => {
    const stored = await run(found('relay.example'), { verdict: 'stored' });
    expect(stored).toMatchObject({ attempted: { isSettled: true }, delivered: [{ ifAway: 'store' }], forwardedTo: [] });
    const full = await run(found('relay.example'), { verdict: 'full' });
    expect(full.attempted).toEqual({ isSettled: true, reason: 'mailbox-full' });
    expect((await run(found(null), { verdict: 'offline' })).attempted).toEqual({ isSettled: true, reason: 'no-relay' });
    expect((await run({ unknown: true }, {})).attempted).toEqual({ isSettled: true, reason: 'unknown-twin' });
    expect((await run(found('no host'), {})).attempted).toEqual({ isSettled: true, reason: 'unreachable' });
    expect((await run(found('10.0.0.1'), {})).attempted).toEqual({ isSettled: true, reason: 'private-relay' });
  });

  it('stays open while later code wrote the tables of the receiver’s object', async () => {
    expect((await run(found('relay.example'), { verdict: 'version' })).attempted).toEqual({ isSettled: false });
  });

  it('stays open while the chain is out of reach, but not after a call with an unknown outcome', async () => {
    expect((await run({ unavailable: 'down' }, {})).attempted).toEqual({ isSettled: false });
    const died = await run(elsewhere, { isRetry: true, verdict: 'dies' });
    expect(died).toMatchObject({ attempted: { isSettled: true, reason: 'undelivered' }, forwardedTo: [] });
  });
});

describe('attempt for a twin of this relay and of others', () => {
  const shared = found('relay.example_b.example');
  const ways = ({ delivered }: Awaited<ReturnType<typeof run>>) => delivered.map(({ ifAway }) => ifAway);

  it('goes to the relay that has the session', async () => {
    const there = await run(shared, { wasAbsent: true });
    expect(there).toMatchObject({
      attempted: { isSettled: true, reason: undefined },
      delivered: [],
      forwardedTo: [['b.example']],
      stores: ['here'],
      kept: [],
    });
    const here = await run(shared, { verdict: 'sent' });
    expect(here).toMatchObject({ attempted: { isSettled: true }, forwardedTo: [] });
    expect(ways(here)).toEqual(['return']);
  });

  it.each(['rejected', 'rejected-sender', 'rejected-loop', 'not-a-relay', 'failed', 'late'] as const)(
    'is stored here, once, when the others said: %s',
    async (forwarded) => {
      const stored = await run(shared, { forwarded, verdict: 'offline', later: 'stored' });
      expect(stored).toMatchObject({ attempted: { isSettled: true, reason: undefined }, isAway: true, kept: [2] });
      expect(ways(stored)).toEqual(['return', 'store']);
    },
  );

  it('looks for the session here first when another relay takes whatever it gets', async () => {
    const taken = await run(shared, { wasAbsent: true, areEdge: false, verdict: 'sent' });
    expect(taken).toMatchObject({ attempted: { isSettled: true }, forwardedTo: [] });
  });

  it('is stored nowhere if it must fail fast', async () => {
    const sent = { ...envelope, failFast: true };
    const refused = await run(shared, { sent, forwarded: 'rejected', verdict: 'offline' });
    expect(refused).toMatchObject({ attempted: { isSettled: true, reason: 'offline' }, kept: [] });
    expect(ways(refused)).toEqual(['return', 'return']);
    expect((await run(elsewhere, { sent })).stores).toEqual(['nowhere']);
  });

  it('ends with a call whose outcome is not known', async () => {
    const undelivered = { attempted: { isSettled: true, reason: 'undelivered' } };
    expect(await run(shared, { verdict: 'dies' })).toMatchObject({ ...undelivered, forwardedTo: [] });
    const died = await run(shared, { verdict: 'offline', later: 'dies', forwarded: 'rejected' });
    expect(died).toMatchObject(undelivered);
  });
});

describe('attempt at an object that takes no calls', () => {
  it('leaves requests and replies in the queue: nothing ran', async () => {
    for (const isRequest of [true, false]) {
      const sent = { ...envelope, isRequest };
      const home = await run(found('relay.example'), { sent, isRetry: true, verdict: 'overloaded' });
      expect(home).toMatchObject({ attempted: { isSettled: false }, forwardedTo: [] });
      const later = await run(found('relay.example_a.example'), {
        sent,
        verdict: 'offline',
        later: 'overloaded',
        forwarded: 'rejected',
      });
      expect(later).toMatchObject({ attempted: { isSettled: false } });
      expect((await run(elsewhere, { sent, isRetry: true, verdict: 'overloaded' })).attempted).toEqual({
        isSettled: false,
      });
    }
  });
});

describe('attempt of mail', () => {
  it('waits while the relay of its twin does not know the twin, and ends as any other refusal says', async () => {
    const sent = { ...envelope, isMail: true } as const;
    expect((await run(elsewhere, { sent, forwarded: 'rejected' })).attempted).toEqual({ isSettled: false });
    expect((await run(elsewhere, { sent, forwarded: 'rejected-size' })).attempted).toEqual({
      isSettled: true,
      reason: 'rejected-size',
    });
  });
});
