import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import type { BatchEnvelope, TwinLookup, Verdict } from '../../contract.ts';
import type { Elsewhere } from './candidates.ts';
import { Directory } from './directory.ts';
import { Dispatcher } from './dispatch.ts';
import { type RoutedEnvelope, uidOf } from './routed-envelope.ts';

const envelope = (uid: string, fields: Partial<RoutedEnvelope> = {}): RoutedEnvelope => ({
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
  batch: RoutedEnvelope[],
  answer: (delivered: readonly BatchEnvelope[]) => Verdict[],
  elsewhere: Elsewhere = 'none',
  queue = () => undefined as undefined,
) {
  const seen = {
    refused: [] as string[],
    sent: [] as string[],
    counted: [] as string[],
    calls: [] as (readonly BatchEnvelope[])[],
    federated: [] as string[],
    ordered: [] as boolean[],
    noted: [] as (string | undefined)[],
    told: [] as string[],
  };
  const dispatcher = new Dispatcher({
    host: { wait: async () => undefined },
    custody: { tell: ({ sequence }, outcome) => void seen.told.push(`${sequence} ${outcome}`) },
    directory: new Directory({ lookup }, ['relay.example'], () => 0),
    receiver: () => ({
      deliver: async (delivered) => {
        seen.calls.push(delivered);
        return answer(delivered);
      },
    }),
    refusals: { refuse: ({ bytes }, reason) => void seen.refused.push(`${uidOf(bytes)} ${reason}`) },
    reporter: { delivered: (envelopes) => void seen.sent.push(...envelopes.map(({ bytes }) => uidOf(bytes))) },
    count: (metric) => void seen.counted.push(metric),
    federation: {
      absence: {
        has: ({ connection }) => connection === 'away',
        note: ({ connection }) => void seen.noted.push(connection),
      },
      elsewhere: () => elsewhere,
      accept: async (_, leaving, isOrdered) => {
        queue();
        seen.ordered.push(isOrdered);
        seen.federated.push(...leaving.map(({ bytes }) => uidOf(bytes)));
        return leaving
          .filter(({ failFast }) => failFast)
          .map((each) => ({ envelope: each, reason: 'expired' as const }));
      },
    },
  });
  const unsent = await dispatcher.dispatch(2, batch);
  return { ...seen, unsent };
}

describe('Dispatcher', () => {
  it('makes one call for a batch, which says for each envelope what to do when its session is away', async () => {
    const { calls, refused } = await run(
      async () => found('relay.example'),
      [envelope('a'), envelope('b', { failFast: true, to: { twin: 2, connection: 'x' } })],
      (delivered) => delivered.map(() => 'sent'),
    );
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject([{ ifAway: 'store' }, { ifAway: 'return', sid: 'x' }]);
    expect(refused).toEqual([]);
  });

  it('wakes no object for a twin that is not on chain or cannot be looked up', async () => {
    const unknown = await run(
      async () => ({ unknown: true }),
      [envelope('a')],
      () => ['sent'],
    );
    expect(unknown).toMatchObject({ calls: [], refused: ['a unknown-twin'] });
    const down = await run(
      async () => ({ unavailable: 'down' }),
      [envelope('a')],
      () => ['sent'],
    );
    expect(down).toMatchObject({ calls: [], refused: ['a lookup-failed'] });
    const broken = await run(
      () => Promise.reject(new Error('gone')),
      [envelope('a')],
      () => ['sent'],
    );
    expect(broken).toMatchObject({ calls: [], refused: ['a lookup-failed'] });
  });

  it('refuses or counts each envelope by its own verdict', async () => {
    const { refused, sent, counted } = await run(
      async () => found('relay.example'),
      ['a', 'b', 'c', 'd', 'e'].map((uid) => envelope(uid)),
      () => ['sent', 'stored', 'offline', 'full', 'expired'],
    );
    expect([sent, counted, refused]).toEqual([
      ['a'],
      ['relay_messages_stored_total'],
      ['c offline', 'd mailbox-full', 'e expired'],
    ]);
  });

  it('tells custody sessions who has their envelopes, and nothing before a custody session gave its receipt', async () => {
    const sent = [1, 2, 3, 4].map((sequence) =>
      envelope(`${sequence}`, { origin: { twin: 1, connection: 9, sequence } }),
    );
    const here = await run(
      async () => found('relay.example'),
      sent,
      () => ['sent', 'held', 'stored', 'offline'],
    );
    // Refusals tell of what they refuse.
    expect(here).toMatchObject({ told: ['1 handed', '3 stored'], sent: ['1', '2'], refused: ['4 offline'] });
    expect(here.calls[0]?.map(({ origin }) => origin?.sequence)).toEqual([1, 2, 3, 4]);
    const elsewhere = await run(
      async () => found('other.example'),
      sent.map((each) => ({ ...each, failFast: each.origin?.sequence === 2 })),
      () => ['offline', 'offline', 'held', 'sent'],
    );
    expect(elsewhere).toMatchObject({ told: ['4 handed', '1 queued'], refused: ['2 expired'] });
  });

  it('refuses every envelope when the call fails', async () => {
    const { refused } = await run(
      async () => found('relay.example'),
      [envelope('a'), envelope('b')],
      () => {
        throw new Error('object reset');
      },
    );
    expect(refused).toEqual(['a undelivered', 'b undelivered']);
  });

  it('returns every envelope when the call never ran', async () => {
    const overloaded = () => {
      throw Object.assign(new Error('Durable Object is overloaded. Too many requests queued.'), { overloaded: true });
    };
    const origin = { twin: 1, connection: 9, sequence: 1 };
    const batch = [envelope('a'), envelope('b', { isRequest: false }), envelope('c', { origin })];
    const { refused, unsent, counted, told } = await run(async () => found('relay.example'), batch, overloaded);
    expect(unsent).toEqual({ neverRan: true, envelopes: batch });
    expect([refused, told, counted]).toEqual([[], [], ['relay_platform_errors_total']]);
  });

  it('returns replies when the call may have run; requests, and clients with custody, learn that nobody knows', async () => {
    const origin = { twin: 1, connection: 9, sequence: 1 };
    const [a, b, c] = [
      envelope('a'),
      envelope('b', { isRequest: false }),
      envelope('c', { isRequest: false, origin }),
    ] as const;
    const { refused, unsent } = await run(
      async () => found('relay.example'),
      [a, b, c],
      () => {
        throw Object.assign(new Error('Network connection lost.'), { retryable: true });
      },
    );
    expect(unsent).toEqual({ neverRan: false, envelopes: [b] });
    expect(refused).toEqual(['a undelivered', 'c undelivered']);
  });

  it('returns only what the call was to carry, not what goes to other relays', async () => {
    const leaving = envelope('a', { to: { twin: 2, connection: 'away' } });
    const { federated, unsent, refused } = await run(
      async () => found('other.example'),
      [leaving, envelope('b')],
      () => {
        throw Object.assign(new Error('no reason'), { overloaded: true });
      },
    );
    expect([federated, refused, unsent?.envelopes.map(({ bytes }) => uidOf(bytes))]).toEqual([['a'], [], ['b']]);
  });

  it('reports only what could not be queued when its own storage fails', async () => {
    const leaving = envelope('a', { to: { twin: 2, connection: 'away' } });
    const { refused, sent } = await run(
      async () => found('other.example'),
      [leaving, envelope('b'), envelope('c')],
      () => ['sent', 'offline'],
      'none',
      () => {
        throw new Error('database or disk is full');
      },
    );
    expect([sent, refused]).toEqual([['b'], ['a undelivered', 'c undelivered']]);
  });

  it('asks for a session of another relay’s twin here, and federates the envelope if it is offline', async () => {
    const { refused, calls, federated, noted } = await run(
      async () => found('other.example'),
      [envelope('a'), envelope('b'), envelope('c', { to: { twin: 2, connection: 'x' } })],
      () => ['offline', 'sent', 'offline'],
    );
    expect(calls[0]).toMatchObject([{ ifAway: 'return' }, { ifAway: 'return' }, { ifAway: 'return' }]);
    expect({ refused, federated, noted }).toEqual({ refused: [], federated: ['a', 'c'], noted: [undefined, 'x'] });
  });

  it('makes no call for a session of another relay’s twin that was absent a moment ago', async () => {
    const leaving = envelope('a', { to: { twin: 2, connection: 'away' } });
    const there = await run(
      async () => found('other.example'),
      [leaving],
      () => [],
    );
    expect(there).toMatchObject({ calls: [], federated: ['a'], refused: [] });
    const here = await run(
      async () => found('relay.example'),
      [leaving],
      () => ['stored'],
    );
    expect(here).toMatchObject({ federated: [], refused: [] });
    expect(here.calls).toHaveLength(1);
  });

  it('federates nothing for a twin without a relay, and nothing after a failed call', async () => {
    const nowhere = await run(
      async () => found(null),
      [envelope('a')],
      () => ['offline'],
    );
    expect(nowhere).toMatchObject({ federated: [], refused: ['a no-relay'] });
    const died = await run(
      async () => found('other.example'),
      [envelope('a')],
      () => {
        throw new Error('object reset');
      },
    );
    expect(died).toMatchObject({ federated: [], refused: ['a undelivered'] });
  });

  it('refuses what the federation queue does not accept', async () => {
    const leaving = ['a', 'b'].map((uid) =>
      envelope(uid, { to: { twin: 2, connection: 'away' }, failFast: uid === 'b' }),
    );
    const { federated, refused } = await run(
      async () => found('other.example'),
      leaving,
      () => [],
    );
    expect([federated, refused]).toEqual([['a', 'b'], ['b expired']]);
  });

  it('asks the other relays of a twin of this relay before anything is stored here', async () => {
    const fast = envelope('c', { failFast: true });
    const { calls, federated, ordered, noted, refused } = await run(
      async () => found('relay.example_other.example'),
      [envelope('a'), envelope('b'), fast],
      () => ['sent', 'offline', 'offline'],
      'maybe',
    );
    expect(calls[0]).toMatchObject([{ ifAway: 'return' }, { ifAway: 'return' }, { ifAway: 'return' }]);
    expect({ federated, ordered, noted }).toEqual({
      federated: ['b', 'c'],
      ordered: [true],
      noted: [undefined, undefined],
    });
    expect(refused).toEqual(['c expired']);
  });

  it('stores here at once when the others did not have the session a moment ago', async () => {
    const { calls, federated, counted } = await run(
      async () => found('relay.example_other.example'),
      [envelope('a')],
      () => ['stored'],
      'away',
    );
    expect(calls[0]).toMatchObject([{ ifAway: 'store' }]);
    expect({ federated, counted }).toEqual({ federated: [], counted: ['relay_messages_stored_total'] });
  });

  it('lets no envelope overtake those that wait for the answers of other relays', async () => {
    const { calls, federated } = await run(
      async () => found('relay.example_other.example'),
      [envelope('a')],
      () => [],
      'queued',
    );
    expect({ calls, federated }).toEqual({ calls: [], federated: ['a'] });
  });

  it('gives federation no order to keep for a twin of another relay', async () => {
    const { ordered } = await run(
      async () => found('other.example'),
      [envelope('a')],
      () => ['offline'],
    );
    expect(ordered).toEqual([false]);
  });
});
