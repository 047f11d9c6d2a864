import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../proto/envelope.ts';
import type { Parcel, TwinLookup, Verdict } from '../contract.ts';
import { dispatch } from './dispatch.ts';
import { type Departure, uidOf } from './inbound.ts';
import { Standings } from './verdict.ts';

const departure = (uid: string, fields: Partial<Departure> = {}): Departure => ({
  from: { twin: 1, host: 'relay.example' },
  to: { twin: 2 },
  bytes: encodeEnvelope({ uid, timestamp: 0n, expiration: 0n, relays: [] }),
  isRequest: true,
  failFast: false,
  expiresAt: 0,
  arrivedAt: 0,
  ...fields,
});
const found = (relay: string | null): TwinLookup => ({
  found: { id: 2, account: new Uint8Array(32), relay, pk: null },
});

async function run(
  lookup: () => Promise<TwinLookup>,
  batch: Departure[],
  answer: (parcels: readonly Parcel[]) => Verdict[],
) {
  const refused: string[] = [];
  const sent: string[] = [];
  const stored: string[] = [];
  const calls: (readonly Parcel[])[] = [];
  const federated: string[] = [];
  const noted: (string | undefined)[] = [];
  await dispatch(2, batch, new Standings(() => ['relay.example']), {
    lookup,
    receiver: () => ({
      deliver: async (parcels) => {
        calls.push(parcels);
        return answer(parcels);
      },
    }),
    refuse: ({ bytes }, reason) => void refused.push(`${uidOf(bytes)} ${reason}`),
    sent: (departures) => void sent.push(...departures.map(({ bytes }) => uidOf(bytes))),
    stored: () => void stored.push('stored'),
    absence: { has: ({ connection }) => connection === 'away', note: ({ connection }) => void noted.push(connection) },
    federate: async (_, leaving) => void federated.push(...leaving.map(({ bytes }) => uidOf(bytes))),
  });
  return { refused, calls, sent, stored, federated, noted };
}

describe('dispatch', () => {
  it('makes one call for a batch and says for each message what to do when its session is away', async () => {
    const { calls, refused } = await run(
      async () => found('relay.example'),
      [departure('a'), departure('b', { failFast: true, to: { twin: 2, connection: 'x' } })],
      (parcels) => parcels.map(() => 'sent'),
    );
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject([{ ifAway: 'store' }, { ifAway: 'return', sid: 'x' }]);
    expect(refused).toEqual([]);
  });

  it('wakes no object for a twin that is not on chain or cannot be looked up', async () => {
    const unknown = await run(
      async () => ({ unknown: true }),
      [departure('a')],
      () => ['sent'],
    );
    expect(unknown).toMatchObject({ calls: [], refused: ['a unknown-twin'] });
    const down = await run(
      async () => ({ unavailable: 'down' }),
      [departure('a')],
      () => ['sent'],
    );
    expect(down).toMatchObject({ calls: [], refused: ['a lookup-failed'] });
    const broken = await run(
      () => Promise.reject(new Error('gone')),
      [departure('a')],
      () => ['sent'],
    );
    expect(broken).toMatchObject({ calls: [], refused: ['a lookup-failed'] });
  });

  it('tells each sender what became of its own message', async () => {
    const { refused, sent, stored } = await run(
      async () => found('relay.example'),
      ['a', 'b', 'c', 'd', 'e'].map((uid) => departure(uid)),
      () => ['sent', 'stored', 'offline', 'full', 'expired'],
    );
    expect([sent, stored, refused]).toEqual([['a'], ['stored'], ['c offline', 'd mailbox-full', 'e expired']]);
  });

  it('tells every sender when the call fails', async () => {
    const { refused } = await run(
      async () => found('relay.example'),
      [departure('a'), departure('b')],
      () => {
        throw new Error('object reset');
      },
    );
    expect(refused).toEqual(['a undelivered', 'b undelivered']);
  });

  it('tries a twin of another relay here, and takes what is not connected to its relay', async () => {
    const { refused, calls, federated, noted } = await run(
      async () => found('other.example'),
      [departure('a'), departure('b'), departure('c', { to: { twin: 2, connection: 'x' } })],
      () => ['offline', 'sent', 'offline'],
    );
    expect(calls[0]).toMatchObject([{ ifAway: 'return' }, { ifAway: 'return' }, { ifAway: 'return' }]);
    expect({ refused, federated, noted }).toEqual({ refused: [], federated: ['a', 'c'], noted: [undefined, 'x'] });
  });

  it('makes no call for a session of another relay that was away a moment ago', async () => {
    const leaving = departure('a', { to: { twin: 2, connection: 'away' } });
    const there = await run(
      async () => found('other.example'),
      [leaving],
      () => [],
    );
    expect(there).toMatchObject({ calls: [], federated: ['a'], refused: [] });
    const ours = await run(
      async () => found('relay.example'),
      [leaving],
      () => ['stored'],
    );
    expect(ours).toMatchObject({ federated: [], refused: [] });
    expect(ours.calls).toHaveLength(1);
  });

  it('federates nothing for a twin without relay, and nothing after a call that failed', async () => {
    const nowhere = await run(
      async () => found(null),
      [departure('a')],
      () => ['offline'],
    );
    expect(nowhere).toMatchObject({ federated: [], refused: ['a no-relay'] });
    const died = await run(
      async () => found('other.example'),
      [departure('a')],
      () => {
        throw new Error('object reset');
      },
    );
    expect(died).toMatchObject({ federated: [], refused: ['a undelivered'] });
  });
});
